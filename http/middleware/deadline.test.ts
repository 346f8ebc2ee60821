import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openApi, problemIn } from '../../test/harness/api.ts'
import { until } from '../../test/harness/until.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('503: what hangs is answered in bounded time, and its work counts until it ends', async () => {
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  const api = openApi({
    runtime: (real) => ({
      ...real,
      async tell(envelope) {
        await held
        return real.tell(envelope)
      },
    }),
  })
  const headers = { 'idempotency-key': 'one' }
  const body = { email: 'ada@example.com', name: 'Ada', currency: 'usd' }
  const asking = api.ask('POST /v1/accounts', { body, headers })
  await vi.advanceTimersByTimeAsync(26_000)
  const answer = await asking
  expect(problemIn(answer)).toEqual({ status: 503, code: 'store_unavailable' })
  expect(answer.headers.get('retry-after')).toBe('5')
  const metrics = async () => (await api.ask('GET /metrics', { key: null })).text
  expect(await metrics()).toContain('tenure_queue_depth{queue="commands"} 1')
  free()
  vi.useRealTimers()
  await until(async () => (await metrics()).includes('tenure_queue_depth{queue="commands"} 0'))
  const again = await api.ask('POST /v1/accounts', { body, headers })
  expect(again.status).toBe(201)
  const page = await api.store.actors('account', { cursor: null, limit: 9 })
  expect(page.items).toEqual([`account/${String(again.json['id'])}`])
})
