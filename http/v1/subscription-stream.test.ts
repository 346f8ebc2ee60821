import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { plusDays } from '../../values/instant.ts'
import {
  haveActive,
  keyOf,
  noOf,
  openWorld,
  subscriptionSays,
  type World,
} from '../testing/world.ts'

const path = '/v1/subscriptions/sub_one/stream'

interface Message {
  readonly id: number
  readonly status: unknown
}

const Shown = z.object({ object: z.literal('subscription'), status: z.string() })

/** Opens the stream and reads it message by message; `close` is the client that goes. */
async function openStream(world: World, lastEventId?: number) {
  const gone = new AbortController()
  const last = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }
  const response = await world.app.request(path, {
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

function says(world: World, status: string, day: number) {
  const at = plusDays(world.clock.now(), day)
  return world.tell('subscription/sub_one', subscriptionSays('acct_own', status), at)
}

describe('200', () => {
  test('the stream begins with the state as it is, and sends each change as it is committed', async () => {
    const world = openWorld({ limits: { lookMs: 60_000 } })
    await haveActive(world)
    const stream = await openStream(world)
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
    expect(await stream.next()).toEqual({ id: 1, status: 'active' })
    await says(world, 'past_due', 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    await says(world, 'active', 2)
    expect(await stream.next()).toEqual({ id: 3, status: 'active' })
    await stream.close()
  })

  test('what was recorded and changed nothing is not sent', async () => {
    const world = openWorld()
    await haveActive(world)
    const stream = await openStream(world)
    await stream.next()
    await says(world, 'trialing', -1)
    await says(world, 'past_due', 1)
    expect(await stream.next()).toEqual({ id: 3, status: 'past_due' })
    await stream.close()
  })

  test('with Last-Event-ID it goes on after that entry, and misses none', async () => {
    const world = openWorld()
    await haveActive(world)
    await says(world, 'past_due', 1)
    await says(world, 'unpaid', 2)
    const stream = await openStream(world, 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    expect(await stream.next()).toEqual({ id: 3, status: 'unpaid' })
    await stream.close()
  })

  test('after too long an absence it begins with the newest state alone', async () => {
    const world = openWorld({ limits: { resumedChanges: 1 } })
    await haveActive(world)
    await says(world, 'past_due', 1)
    await says(world, 'unpaid', 2)
    const stream = await openStream(world, 1)
    expect(await stream.next()).toEqual({ id: 3, status: 'unpaid' })
    await stream.close()
  })

  test('an id from the future, of a store that was restored, begins with the newest state', async () => {
    const world = openWorld()
    await haveActive(world)
    const stream = await openStream(world, 99)
    expect(await stream.next()).toEqual({ id: 1, status: 'active' })
    await stream.close()
  })

  test('what another process commits is sent too', async () => {
    const world = openWorld()
    await haveActive(world)
    const stream = await openStream(world)
    await stream.next()
    await says(openWorld({ store: world.store }), 'past_due', 1)
    expect(await stream.next()).toEqual({ id: 2, status: 'past_due' })
    await stream.close()
  })

  test('a silent stream is kept alive by comments', async () => {
    const world = openWorld({ limits: { lookMs: 1, looksPerHeartbeat: 2 } })
    await haveActive(world)
    const stream = await openStream(world)
    await stream.next()
    expect(await stream.part()).toBe(': still here')
    await stream.close()
  })

  test('a client that goes is forgotten', async () => {
    const world = openWorld({ limits: { lookMs: 1 } })
    await haveActive(world)
    const stream = await openStream(world)
    await stream.next()
    expect(await world.metrics.text()).toContain('tenure_streams 1')
    await stream.close()
    await expect.poll(() => world.metrics.text()).toContain('tenure_streams 0')
    expect(world.lines.filter(({ level }) => level !== 'info')).toEqual([])
  })
})

test('HEAD answers what a stream would begin with, and opens none', async () => {
  const world = openWorld({ limits: { streams: 1 } })
  await haveActive(world)
  for (let n = 0; n < 3; n += 1) {
    const answer = await world.ask(`HEAD ${path}`)
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
  }
  expect(await world.metrics.text()).toContain('tenure_streams 0')
})

test('404: nobody follows a subscription that they may not see', async () => {
  const world = openWorld()
  await haveActive(world, 'sub_one', 'acct_other')
  const answer = await world.ask(`GET ${path}`, { key: keyOf.narrow })
  expect(noOf(answer)).toEqual({ status: 404, code: 'not_found' })
})

test('422: an id that no stream gave out is refused', async () => {
  const world = openWorld()
  await haveActive(world)
  const answer = await world.ask(`GET ${path}`, { headers: { 'last-event-id': 'abc' } })
  expect(noOf(answer)).toEqual({ status: 422, code: 'invalid_request' })
})

test('503: there is a limit to the streams of one process', async () => {
  const world = openWorld({ limits: { streams: 1 } })
  await haveActive(world)
  const stream = await openStream(world)
  await stream.next()
  const answer = await world.ask(`GET ${path}`)
  expect(noOf(answer)).toEqual({ status: 503, code: 'actor_busy' })
  await stream.close()
})
