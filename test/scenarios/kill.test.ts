import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { buildProgram, type Program, type RunningProgram } from './served.ts'

// 80, for real: the whole platform as a process, killed with its store and its simulated Stripe.

let built: Program | null = null
let served: RunningProgram | null = null
beforeAll(async () => {
  built = await buildProgram()
})
afterAll(async () => {
  await served?.kill()
  await built?.remove()
})

async function restarted(): Promise<RunningProgram> {
  if (built === null) throw new Error('the program is built before the tests')
  await served?.kill()
  served = await built.start()
  return served
}

const Answer = z.looseObject({})

/** Asks the process that lives now. */
async function ask(role: string, path: string, body?: unknown, key?: string) {
  if (served === null) throw new Error('nothing is running')
  const response = await fetch(`${served.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${served.keys[role]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: Answer.parse(await response.json()) }
}

/** Sends the request, kills the process after so many decisions, and sends the request again. */
async function askAndKill(path: string, body: unknown, { decisions }: { decisions: number }) {
  const decided = served?.decided(decisions)
  const first = ask('dashboard', path, body, path).catch(() => null)
  await decided
  await restarted()
  await first
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await ask('dashboard', path, body, path)
    if (answer.status < 300) return answer.body
    // What the dead process had begun is held for it until its lease is over.
    expect([409, 503]).toContain(answer.status)
    await ask('admin', '/sandbox/clock/advance', { by: 'PT5M' })
  }
  throw new Error(`${path} is never answered`)
}

test('80 a platform that is killed at any moment of a purchase completes it, once', async () => {
  await restarted()
  const person = { email: 'ada@example.com', currency: 'usd' }
  const { id: account } = await askAndKill('/v1/accounts', person, { decisions: 1 })
  const card = { provider: 'stripe', token: 'pm_card_visa' }
  await askAndKill(`/v1/accounts/${String(account)}/payment-methods`, card, { decisions: 2 })
  await ask('admin', '/sandbox/clock/advance', { by: 'PT1H' })
  const wish = { account, plan: 'pro_monthly' }
  const { id } = await askAndKill('/v1/subscriptions', wish, { decisions: 4 })
  await ask('admin', '/sandbox/clock/advance', { by: 'PT2H' })
  await restarted()

  const subscription = await ask('dashboard', `/v1/subscriptions/${String(id)}`)
  expect(subscription.body).toMatchObject({ status: 'active' })
  const invoices = await ask('dashboard', `/v1/invoices?account=${String(account)}`)
  expect(invoices.body).toMatchObject({ data: [{ status: 'paid' }] })
  expect((await ask('admin', '/admin/parked')).body).toMatchObject({ data: [] })
  const accounts = await ask('dashboard', '/v1/accounts')
  expect(accounts.body).toMatchObject({ data: [{ id: account }] })
})
