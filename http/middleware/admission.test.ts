import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TellOutcome } from '../../actors/tell-outcome.ts'
import { openApi, problemIn } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount } from '../../test/harness/provider-says.ts'
import { webhookSecret } from '../../test/harness/twin.ts'
import { until } from '../../test/harness/until.ts'
import { createAdmission, kindOf } from './admission.ts'

const limits = {
  bodies: 8,
  webhooks: 4,
  commands: 2,
  commandsLeast: 1,
  targetMs: 2_000,
  commandLagMs: 250,
  webhookLagMs: 500,
  retrySecondsMax: 10,
}

/** A world whose actors take nothing until they are let: what is told waits inside. */
function heldApi(own: Partial<typeof limits> = {}) {
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  let told = 0
  const api = openApi({
    limits: { admission: { ...limits, ...own } },
    runtime: (real) => ({
      ...real,
      async tell(envelope): Promise<TellOutcome> {
        told += 1
        await held
        return real.tell(envelope)
      },
    }),
  })
  return { api, free: () => free(), told: () => told }
}

type HeldApi = ReturnType<typeof heldApi>

function webhook({ api }: HeldApi, id: string) {
  const seconds = Math.floor(Date.parse(api.clock.now()) / 1000)
  const body = JSON.stringify({
    id: `evt_${id}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: seconds,
    livemode: false,
    type: 'customer.updated',
    data: { object: { id: `cus_${id}`, object: 'customer' } },
  })
  const mac = createHmac('sha256', webhookSecret).update(`${seconds}.${body}`).digest('hex')
  const headers = { 'stripe-signature': `t=${seconds},v1=${mac}` }
  return api.ask('POST /webhooks/stripe', { key: null, body, headers })
}

function command({ api }: HeldApi, id: string) {
  const body = { email: 'ada@example.com', name: 'Ada', currency: 'usd' }
  return api.ask('POST /v1/accounts', { body, headers: { 'idempotency-key': id } })
}

/** Until as many as said wait inside, all others being answered. */
async function settled(held: HeldApi, inside: number): Promise<void> {
  while (held.told() < inside) await new Promise((resolve) => setImmediate(resolve))
}

const ids = (n: number) => Array.from({ length: n }, (_, i) => String(i))

describe('a crowd', () => {
  test('503: webhooks beyond the bound are turned away with Retry-After, and those inside are finished', async () => {
    const held = heldApi()
    const inside = ids(4).map((id) => webhook(held, id))
    await settled(held, 4)
    const beyond = await Promise.all(['x', 'y'].map((id) => webhook(held, id)))
    for (const answer of beyond) {
      expect(problemIn(answer)).toEqual({ status: 503, code: 'webhooks_waiting' })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    held.free()
    expect((await Promise.all(inside)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await webhook(held, 'x')).status).toBe(200)
  })

  test('429: commands beyond the bound are turned away with Retry-After, and take effect once when sent again', async () => {
    const held = heldApi()
    const inside = ids(2).map((id) => command(held, id))
    await settled(held, 2)
    const beyond = await command(held, 'again')
    expect(problemIn(beyond)).toEqual({ status: 429, code: 'too_many_requests' })
    expect(Number(beyond.headers.get('retry-after'))).toBeGreaterThan(0)
    held.free()
    expect((await Promise.all(inside)).map(({ status }) => status)).toEqual([201, 201])
    expect((await command(held, 'again')).status).toBe(201)
  })

  test('commands give way to webhooks, down to a few that are always let in', async () => {
    const held = heldApi()
    const webhooks = ids(4).map((id) => webhook(held, id))
    await settled(held, 4)
    const first = command(held, 'first')
    await settled(held, 5)
    expect((await command(held, 'second')).status).toBe(429)
    held.free()
    expect((await first).status).toBe(201)
    await Promise.all(webhooks)
  })

  test('reads are always let in', async () => {
    const held = heldApi()
    const inside = [...ids(4).map((id) => webhook(held, id)), command(held, 'one')]
    await settled(held, 5)
    const reads = await Promise.all(ids(20).map(() => held.api.ask('GET /v1/plans')))
    expect(reads.map(({ status }) => status)).toEqual(reads.map(() => 200))
    held.free()
    await Promise.all(inside)
  })

  test('is seen in the metrics: how deep each queue is, and what was turned away', async () => {
    const held = heldApi()
    const inside = ids(4).map((id) => webhook(held, id))
    await settled(held, 4)
    await webhook(held, 'x')
    const during = (await held.api.ask('GET /metrics', { key: null })).text
    expect(during).toContain('tenure_queue_depth{queue="webhooks"} 4')
    expect(during).toContain('tenure_shed_total{kind="webhook"} 1')
    held.free()
    await Promise.all(inside)
    const after = (await held.api.ask('GET /metrics', { key: null })).text
    expect(after).toContain('tenure_queue_depth{queue="webhooks"} 0')
  })
})

test('bodies that are on their way take no place, and have a bound of their own', async () => {
  const held = heldApi({ bodies: 1 })
  held.free()
  let end = () => {}
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      end = () => {
        controller.enqueue(Buffer.from('{}'))
        controller.close()
      }
    },
  })
  const sent = { method: 'POST', body: slow, duplex: 'half' as const }
  const headers = { 'content-length': '2' }
  const half = held.api.app.request('/webhooks/stripe', { ...sent, headers })
  const metrics = async () => (await held.api.ask('GET /metrics', { key: null })).text
  await until(async () => (await metrics()).includes('tenure_queue_depth{queue="bodies"} 1'))
  expect(problemIn(await webhook(held, 'x'))).toEqual({ status: 503, code: 'webhooks_waiting' })
  end()
  expect((await half).status).toBe(400)
  expect((await webhook(held, 'x')).status).toBe(200)
})

test('a place is given back however the request ends', async () => {
  const held = heldApi({ commands: 1 })
  held.free()
  await haveAccount(held.api)
  for (const id of ids(3)) {
    const answer = await held.api.ask('POST /v1/accounts', {
      body: { email: 7 },
      headers: { 'idempotency-key': id, authorization: `Bearer ${keyOf.dashboard}` },
    })
    expect(answer.status).toBe(422)
  }
})

test.each`
  lag    | turnsAway                 | why
  ${0}   | ${[]}                     | ${'nothing is behind'}
  ${300} | ${['command']}            | ${'commands are turned away first'}
  ${600} | ${['webhook', 'command']} | ${'what is inside must be finished first'}
`('a process that is $lag ms behind turns away $turnsAway: $why', ({ lag, turnsAway }) => {
  const admission = createAdmission(limits, () => Number(lag))
  const kinds = ['webhook', 'command', 'read'] as const
  expect(kinds.filter((kind) => !admission.hasPlace(kind))).toEqual(turnsAway)
})

test('fewer are let in while what is inside takes too long, and all again when it does not', () => {
  const admission = createAdmission({ ...limits, webhooks: 160 })
  const placesNow = () => {
    let count = 0
    while (admission.enter('webhook')) count += 1
    return count
  }
  const endAll = (count: number, tookMs: number) => {
    for (let n = 0; n < count; n += 1) admission.leave('webhook', tookMs)
  }
  expect(placesNow()).toBe(160)
  endAll(160, 5_000)
  const slow = placesNow()
  expect(slow).toBe(10)
  for (let round = 0, open = slow; round < 20; round += 1, open = placesNow()) endAll(open, 100)
  expect(admission.inside('webhook')).toBe(160)
})

test('those that are turned away together come back at different seconds', () => {
  const admission = createAdmission(limits)
  const seconds = ids(10).map(() => admission.retrySeconds())
  expect(new Set(seconds).size).toBe(10)
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...seconds)).toBeLessThanOrEqual(10)
})

test.each`
  method       | path                  | kind
  ${'POST'}    | ${'/webhooks/stripe'} | ${'webhook'}
  ${'POST'}    | ${'/v1/accounts'}     | ${'command'}
  ${'DELETE'}  | ${'/v1/x'}            | ${'command'}
  ${'GET'}     | ${'/v1/plans'}        | ${'read'}
  ${'HEAD'}    | ${'/healthz'}         | ${'read'}
  ${'OPTIONS'} | ${'/v1/plans'}        | ${'read'}
`('$method $path is a $kind', ({ method, path, kind }) => {
  expect(kindOf(method, path)).toBe(kind)
})
