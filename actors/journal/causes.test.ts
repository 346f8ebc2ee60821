import { describe, expect, test } from 'vitest'
import { instant } from '../../values/instant.ts'
import { causesOf, entryNamed } from './causes.ts'
import type { Envelope } from './envelope.ts'
import type { Entry } from './journal.ts'

const at = instant(0)

function entry(ref: `${string}/${string}`, seq: number, cause: Partial<Envelope>): Entry {
  return {
    actor: ref,
    seq,
    envelope: {
      id: `${ref}-${seq}`,
      to: ref,
      event: { type: 'x' },
      source: 'actor',
      occurredAt: at,
      receivedAt: at,
      causationId: null,
      correlationId: 'c',
      principal: 'system',
      ...cause,
    },
    snapshot: { chart: 'x', version: 1, state: {}, timers: [] },
    effects: [],
    changed: true,
    committedAt: at,
  }
}

const journal: readonly Entry[] = [
  entry('event/e', 1, { source: 'provider' }),
  entry('subscription/s', 4, { source: 'provider', causationId: 'event/e#1.0' }),
  entry('account/a', 7, { source: 'actor', causationId: 'subscription/s#4.2' }),
  entry('dunning/d', 2, { source: 'timer', causationId: 'dunning/d#1' }),
  entry('account/a', 8, { source: 'actor', causationId: 'dunning/d#2.0' }),
  entry('account/a', 9, { source: 'operator', causationId: 'account/a#8.0' }),
  entry('account/a', 10, { source: 'effect', causationId: 'account/lost#3.0' }),
  entry('account/a', 11, { source: 'effect', causationId: 'account/a#11.0' }),
]

const read = async (actor: string, seq: number) =>
  journal.find((one) => one.actor === actor && one.seq === seq) ?? null

async function chainFrom(seq: number, most = 10) {
  const { chain, complete } = await causesOf(read, { actor: 'account/a', seq }, most)
  return { names: chain.map((one) => `${one.actor}#${one.seq}`), complete }
}

describe('the causes of an entry', () => {
  test.each`
    seq   | names                                               | complete | why
    ${7}  | ${['account/a#7', 'subscription/s#4', 'event/e#1']} | ${true}  | ${'go down to the stored webhook'}
    ${8}  | ${['account/a#8', 'dunning/d#2']}                   | ${true}  | ${'end with the timer that was due'}
    ${9}  | ${['account/a#9']}                                  | ${true}  | ${'end with the person who asked'}
    ${10} | ${['account/a#10']}                                 | ${false} | ${'say so where an entry is missing'}
    ${99} | ${[]}                                               | ${false} | ${'are none of an entry that is not there'}
  `('$why', async ({ seq, names, complete }) => {
    expect(await chainFrom(seq)).toEqual({ names, complete })
  })

  test('are bounded, even where a journal that was tampered with goes round in a circle', async () => {
    const { names, complete } = await chainFrom(11, 5)
    expect([names.length, complete]).toEqual([5, false])
  })
})

test.each`
  id                               | named
  ${'account/a#12.3'}              | ${{ actor: 'account/a', seq: 12 }}
  ${'account/a#12'}                | ${{ actor: 'account/a', seq: 12 }}
  ${'account/a#0'}                 | ${null}
  ${'account/a'}                   | ${null}
  ${'req_1#1.0'}                   | ${null}
  ${'account/a#1.0.0'}             | ${null}
  ${'account/a#99999999999999999'} | ${null}
`('the cause $id names $named', ({ id, named }) => {
  expect(entryNamed(id)).toEqual(named)
})
