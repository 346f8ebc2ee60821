import { expect, test } from 'vitest'
import { dictionaries } from '../../app/dictionaries.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { createPacker } from '../../persistence/text-packer.ts'
import { oneByOne } from '../harness/one-by-one.ts'
import { addsCard, aCustomer, days, subscribes, type Customer } from '../harness/scenario.ts'
import { readJournal } from '../simulation/journals.ts'

// What a renewal costs: each entry is a write, a decision and a delivery. Webhooks come in order
// here: of two that come at once, the older may say nothing new.

async function lengths({ system }: Customer): Promise<ReadonlyMap<string, number>> {
  const journal = await readJournal(system.store)
  return new Map([...journal].map(([actor, entries]) => [actor, entries.length] as const))
}

/** The webhooks since then, and the entries of other actors that they changed. */
async function since({ system }: Customer, before: ReadonlyMap<string, number>) {
  let webhooks = 0
  const changes: string[] = []
  for (const [actor, entries] of await readJournal(system.store)) {
    const [type = ''] = actor.split('/')
    if (type === 'event') webhooks += before.has(actor) ? 0 : 1
    if (type === 'event') continue
    const written = entries.slice(before.get(actor) ?? 0).filter((entry) => entry.changed)
    changes.push(...written.map((entry) => `${type}: ${entry.envelope.event.type}`))
  }
  return { webhooks, changes: changes.sort() }
}

const byProvider = [
  'invoice: invoice.observed',
  'invoice: invoice.observed',
  'invoice: invoice.observed',
  'payment: charge.observed',
  'payment: payment.linked',
  'subscription: subscription.observed',
]

const byPlatform = [
  'invoice: charge.submitted',
  'invoice: invoice.issued',
  'invoice: payment.changed',
  'payment: charge.observed',
  'payment: payment_intent.observed',
  'subscription: xstate.after.periodEnd.subscription.billing.cycling',
]

/** The bytes of all documents with what is packed beside them. */
const sizeOf = `SELECT sum(length(CAST(document AS BLOB)) + ifnull(length(packed), 0)) AS bytes
  FROM entries`

test.each([
  { collection: 'provider', webhooks: 10, changes: byProvider, bytesMax: 22_000 },
  { collection: 'platform', webhooks: 3, changes: byPlatform, bytesMax: 12_500 },
] as const)(
  'an ordinary renewal by the $collection is told to the actors that it concerns, and to no other',
  async ({ collection, webhooks, changes, bytesMax }) => {
    const file = openFile(':memory:')
    const store = createEmbeddedStore(file, createPacker(dictionaries))
    const bytes = () => Number(file.database.get(sizeOf)?.['bytes'])
    const ada = await aCustomer({ seed: 'renewal', courier: oneByOne, store })
    await addsCard(ada, 'pm_card_visa')
    await subscribes(ada, 'pro_monthly', collection)
    await days(ada, 20)
    const before = { lengths: await lengths(ada), bytes: bytes() }
    await days(ada, 15)
    expect(await since(ada, before.lengths)).toEqual({ webhooks, changes })
    expect(bytes() - before.bytes).toBeLessThan(bytesMax)
    await ada.system.close()
  },
)
