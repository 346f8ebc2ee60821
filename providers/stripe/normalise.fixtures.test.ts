import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isTelling, resolved } from '../../test/harness/stripe-messages.ts'
import { instantOfSeconds } from '../../values/instant.ts'
import { normalise } from './normalise.ts'
import { createStripeReceiver } from './receive.ts'
import { createRecentEvents } from './recent-events.ts'

const folder = new URL('../../../shared/fixtures/stripe/', import.meta.url)
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const catalog = { features: [], products: [], plans: [] }

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
}

describe.runIf(files.length > 0)('payloads that Stripe sent, of versions back to 2020', () => {
  test.each(files)('%s says what the actors can take', (name) => {
    const reading = normalise(fixture(name), { catalog })
    expect(reading.outcome).not.toBe('unreadable')
    if (reading.outcome === 'applied')
      expect(reading.messages.map(resolved).every(isTelling)).toBe(true)
  })

  test('are received one by one, though many share an id', () => {
    const receiver = createStripeReceiver(
      {
        secrets: [],
        toleranceSeconds: 300,
        accountId: null,
        livemode: false,
      },
      createRecentEvents(),
    )
    const now = instantOfSeconds(1_790_000_000)
    const keys = files.map((name) => {
      const received = receiver.receiveTrusted(fixture(name), { now, correlationId: 'c' })
      return received.outcome === 'envelope' ? received.envelope.id : received.message
    })
    expect(new Set(keys).size).toBe(files.length)
    expect(keys.every((key) => /^evt_\w+~[0-9a-f]{16}$/.test(key))).toBe(true)
  })

  test('are read or left alone, each for a reason', () => {
    const totals: Record<string, number> = {}
    for (const name of files) {
      const { outcome } = normalise(fixture(name), { catalog })
      totals[outcome] = (totals[outcome] ?? 0) + 1
    }
    expect(totals).toStrictEqual({ applied: 38, ignored: 33 })
  })
})
