import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  aCustomer,
  addsCard,
  aSubscriber,
  days,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import { readJournal } from '../simulation/journals.ts'
import { recordedEntry, textOf, type RecordedJournal } from './journal.ts'

// Lives the stories whose journals every later release must understand.

/** A journal of a release that was shipped is never written again. */
export class AlreadyRecorded extends Error {
  override readonly name = 'AlreadyRecorded'
  readonly code = 'already_recorded'
}

/** A customer subscribes, stops paying, is banned, pays, and returns. */
async function theWholePath(): Promise<Customer> {
  const ada = await aCustomer({ seed: 'recorded' })
  await addsCard(ada, 'pm_card_authenticationRequiredOnSetup')
  const page = await subscribes(ada)
  await ada.system.authenticate(page ?? '')
  await ada.system.settle()
  await days(ada, 33)
  await addsCard(ada, 'pm_card_chargeCustomerFail')
  await days(ada, 50)
  await addsCard(ada, 'pm_card_visa')
  await days(ada, 2)
  return ada
}

/**
 * The platform bills: a renewal is paid, the next one is declined, charged again, and then
 * refunded.
 */
async function collectedByThePlatform(): Promise<Customer> {
  const ada = await aCustomer({ seed: 'recorded' })
  await addsCard(ada, 'pm_card_visa')
  await subscribes(ada, 'starter_monthly', 'platform')
  await days(ada, 32)
  await addsCard(ada, 'pm_card_chargeCustomerFail')
  await days(ada, 32)
  await addsCard(ada, 'pm_card_mastercard')
  const { data } = await ada.system.stripe.charges.list({ limit: 10 })
  const paid = data.find((charge) => charge.paid)
  if (paid) await ada.system.stripe.refunds.create({ charge: paid.id, amount: 400 })
  await ada.system.post('dashboard', `/v1/subscriptions/${ada.subscription}/cancel`, {
    at: 'period_end',
  })
  await days(ada, 35)
  return ada
}

/** A subscription that is never paid, and one that is disputed after it was. */
async function neverPaidAndDisputed(): Promise<Customer> {
  const ada = await aSubscriber({ seed: 'recorded', token: 'pm_card_createDispute' })
  await days(ada, 9)
  await addsCard(ada, 'pm_card_authenticationRequired')
  await subscribes(ada, 'starter_monthly')
  await days(ada, 2)
  return ada
}

const stories: Readonly<Record<string, () => Promise<Customer>>> = {
  'the-whole-path': theWholePath,
  'collected-by-the-platform': collectedByThePlatform,
  'never-paid-and-disputed': neverPaidAndDisputed,
}

async function journalOf(release: string, story: string, { system }: Customer): Promise<RecordedJournal> {
  const journal = await readJournal(system.store)
  const actors = [...journal].flatMap(([actor, entries]) => {
    const head = entries.at(-1)
    if (head === undefined) return []
    const snapshot = { ...head.snapshot, timers: [...head.snapshot.timers] }
    return [{ actor, entries: entries.map(recordedEntry), snapshot }]
  })
  return { release, story, actors }
}

/**
 * Writes `<release>-<story>.json` for every story that this release has none of; throws if it has
 * all.
 */
export async function record(release: string): Promise<string[]> {
  const written: string[] = []
  for (const [story, live] of Object.entries(stories)) {
    const path = join(import.meta.dirname, `${release}-${story}.json`)
    if (existsSync(path)) continue
    const customer = await live()
    writeFileSync(path, textOf(await journalOf(release, story, customer)), { flag: 'wx' })
    await customer.system.close()
    written.push(path)
  }
  if (written.length > 0) return written
  throw new AlreadyRecorded(`the journals of ${release} are recorded: they are never written again`)
}
