import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openApi, problemIn, type TestApi } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveActive, subscriptionSays } from '../../test/harness/provider-says.ts'
import { until } from '../../test/harness/until.ts'
import { plusDays } from '../../values/instant.ts'
import { defaultHttpLimits } from '../limits.ts'

const path = '/v1/subscriptions/sub_one/stream'

interface Message {
  readonly id: number
  readonly status: unknown
}

const Shown = z.object({ object: z.literal('subscription'), status: z.string() })

/** Opens the stream and reads it message by message; `close` is the client that goes. */
async function openStream(api: TestApi, lastEventId?: number) {
  const gone = new AbortController()
  const last = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }
  const response = await api.app.request(path, {
    headers: { authorization: `Bearer ${keyOf.dashboard}`, ...last },
    signal: gone.signal,
  })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''

  async function part(): Promise<string> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end !== -1) {
        const found = text.slice(0, end)
        text = text.slice(end + 2)
        return found
      }
      const read = await reader?.read()
      if (read?.value === undefined) return 'ended'
      text += decoder.decode(read.value, { stream: true })
    }
  }

  return {
    response,
    part,
    async next(): Promise<Message> {
      for (;;) {
        const found = await part()
        const [, event, data, id] = /^event: (.*)\ndata: (.*)\nid: (\d+)$/.exec(found) ?? []
        if (event !== 'subscription' || data === undefined) continue
        return { id: Number(id), status: Shown.parse(JSON.parse(data)).status }
      }
    },
    close: () => reader?.cancel(),
  }
}

function says(api: TestApi, status: string, day: number) {
  const at = plusDays(api.clock.now(), day)
  return api.tell('subscription/sub_one', subscriptionSays('acct_own', status), at)
}

/** Lets the time pass until the stream looks at the store by itself. */
async function looks(api: TestApi): Promise<void> {
  await api.timers.waiting()
  api.timers.pass(defaultHttpLimits.lookMs)
}

describe('200', () => {
  test('the stream begins with the state as it is, and sends each change as it is committed', async () => {
    const api = openApi()
    await haveActive(api)
    const stream = await openStream(api)
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
    expect(await stream.next()).toEqual({ id: 1, status: 'active' })
    await says(api, 'past_due', 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    await says(api, 'active', 2)
    expect(await stream.next()).toEqual({ id: 3, status: 'active' })
    await stream.close()
  })

  test('an observation that changes nothing is not sent', async () => {
    const api = openApi()
    await haveActive(api)
    const stream = await openStream(api)
    await stream.next()
    await says(api, 'trialing', -1)
    await says(api, 'past_due', 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    await stream.close()
  })

  test('with Last-Event-ID it goes on after that entry, and misses none', async () => {
    const api = openApi()
    await haveActive(api)
    await says(api, 'past_due', 1)
    await says(api, 'unpaid', 2)
    const stream = await openStream(api, 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    expect(await stream.next()).toEqual({ id: 3, status: 'unpaid' })
    await stream.close()
  })

  test('after too long an absence it begins with the newest state alone', async () => {
    const api = openApi({ limits: { resumedChanges: 1 } })
    await haveActive(api)
    await says(api, 'past_due', 1)
    await says(api, 'unpaid', 2)
    const stream = await openStream(api, 1)
    expect(await stream.next()).toEqual({ id: 3, status: 'unpaid' })
    await stream.close()
  })

  test('an id from the future, of a store that was restored, begins with the newest state', async () => {
    const api = openApi()
    await haveActive(api)
    const stream = await openStream(api, 99)
    expect(await stream.next()).toEqual({ id: 1, status: 'active' })
    await stream.close()
  })

  test('what another process commits is sent too', async () => {
    const api = openApi()
    await haveActive(api)
    const stream = await openStream(api)
    await stream.next()
    await says(openApi({ store: api.store }), 'past_due', 1)
    await looks(api)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    await stream.close()
  })

  test('a silent stream is kept alive by comments', async () => {
    const api = openApi({ limits: { looksPerHeartbeat: 2 } })
    await haveActive(api)
    const stream = await openStream(api)
    await stream.next()
    await looks(api)
    await looks(api)
    expect(await stream.part()).toBe(': still here')
    await stream.close()
  })

  test('a client that goes is forgotten', async () => {
    const api = openApi()
    await haveActive(api)
    const stream = await openStream(api)
    await stream.next()
    expect(await api.metrics.text()).toContain('tenure_streams 1')
    await stream.close()
    await until(async () => (await api.metrics.text()).includes('tenure_streams 0'))
    expect(api.lines.filter(({ level }) => level !== 'info')).toEqual([])
  })
})

test('HEAD answers what a stream would begin with, and opens none', async () => {
  const api = openApi({ limits: { streams: 1 } })
  await haveActive(api)
  for (let n = 0; n < 3; n += 1) {
    const answer = await api.ask(`HEAD ${path}`)
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
  }
  expect(await api.metrics.text()).toContain('tenure_streams 0')
})

test('404: nobody follows a subscription that they may not see', async () => {
  const api = openApi()
  await haveActive(api, 'sub_one', 'acct_other')
  const answer = await api.ask(`GET ${path}`, { key: keyOf.narrow })
  expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
})

test('422: an id that no stream gave out is refused', async () => {
  const api = openApi()
  await haveActive(api)
  const answer = await api.ask(`GET ${path}`, { headers: { 'last-event-id': 'abc' } })
  expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
})

test.each`
  limits                      | why
  ${{ streams: 1 }}           | ${'of one process'}
  ${{ streamsPerAccount: 1 }} | ${'of one account'}
`('429: there is a limit to the streams $why', async ({ limits }) => {
  const api = openApi({ limits })
  await haveActive(api)
  const stream = await openStream(api)
  await stream.next()
  const answer = await api.ask(`GET ${path}`)
  expect(problemIn(answer)).toEqual({ status: 429, code: 'too_many_requests' })
  await stream.close()
})
