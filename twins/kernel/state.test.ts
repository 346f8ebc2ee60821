import { describe, expect, test } from 'vitest'
import { instantOfSeconds } from '../../values/instant.ts'
import { cardError, invalidRequest } from '../stripe/api/failure.ts'
import { memoryStorage, strictLog } from '../stripe/twin-fixture.ts'
import { textAt } from './fields.ts'
import type { StripeObject } from './objects.ts'
import { createSandboxState } from './state.ts'

const start = 1_800_000_000

function openState(storage = memoryStorage(), log = strictLog) {
  let now = start
  const clock = { now: () => instantOfSeconds(now) }
  const state = createSandboxState({ clock, seed: 'state', storage, log })
  const thing = (id: string, owner: string): StripeObject => ({
    id,
    object: 'thing',
    created: state.now(),
    livemode: false,
    owner,
  })
  return {
    state,
    storage,
    thing,
    leap: (seconds: number) => {
      now += seconds
    },
    owned: (owner: string) =>
      state
        .table('thing')
        .where('owner', owner)
        .map(({ id }) => id),
  }
}

describe('a unit of work', () => {
  test('that throws leaves nothing: no objects, no index entries, no events, no jobs, no ids', () => {
    const { state, storage, thing, owned } = openState()
    const table = state.table('thing')
    state.unit(() => {
      for (const id of ['a', 'b', 'c']) table.put(thing(id, 'ada'))
      state.schedule('noop', 'a', start + 50)
    })
    expect(owned('ada')).toEqual(['a', 'b', 'c'])
    const kept = new Map(storage.kept)
    const broken = () =>
      state.unit(() => {
        table.put(thing('d', 'ada'))
        table.put(thing('a', 'eve'))
        table.remove('b')
        state.emit('thing.created', thing('d', 'ada'))
        state.schedule('noop', 'a', start + 10)
        state.newId('x')
        throw invalidRequest(null, 'no')
      })
    expect(broken).toThrow('no')
    expect(storage.kept).toEqual(kept)
    expect(table.all().map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect([owned('ada'), owned('eve')]).toEqual([['a', 'b', 'c'], []])
    expect(state.table('event').all()).toEqual([])
    expect(state.jobs.peek()?.at).toBe(start + 50)
    expect(state.unit(() => state.newId('x'))).toBe(openState().state.newId('x'))
  })

  test('that is declined keeps what it recorded', () => {
    const { state, thing, owned } = openState()
    const declined = () =>
      state.unit(() => {
        state.table('thing').put(thing('a', 'ada'))
        throw cardError({ code: 'card_declined', message: 'declined' })
      })
    expect(declined).toThrow('declined')
    expect(owned('ada')).toEqual(['a'])
  })

  test('is saved in one piece', () => {
    const { state, storage, thing } = openState()
    let saves = 0
    const counting = {
      load: () => storage.load(),
      save: (changes: ReadonlyMap<string, string | null>) => {
        saves += 1
        storage.save(changes)
      },
    }
    const other = createSandboxState({
      clock: { now: () => instantOfSeconds(start) },
      seed: 'state',
      storage: counting,
      log: strictLog,
    })
    other.unit(() => {
      other.table('thing').put(thing('a', 'ada'))
      other.unit(() => other.emit('thing.created', thing('a', 'ada')))
    })
    expect(saves).toBe(1)
    expect(state.table('thing').all()).toEqual([])
  })

  test('shares its objects closed: changing one in place throws', () => {
    const { state, thing } = openState()
    const given = thing('a', 'ada')
    state.unit(() => state.table('thing').put(given))
    expect(() => {
      given['owner'] = 'eve'
    }).toThrow(TypeError)
  })
})

describe('a job', () => {
  test('runs at its own time, in order, however far the clock has leapt, before the next request', () => {
    const { state, leap } = openState()
    const ran: string[] = []
    state.onJob('step', (id) => {
      ran.push(`${id}@${state.now() - start}`)
      if (ran.length < 4) state.schedule('step', `${id}+`, state.now() + 100)
    })
    state.unit(() => {
      state.schedule('step', 'late', start + 150)
      state.schedule('step', 'early', start + 20)
    })
    leap(1000)
    const seen = state.unit(() => [...ran, `request@${state.now() - start}`])
    expect(seen).toEqual([
      'early@20',
      'early+@120',
      'late@150',
      'early++@220',
      'late+@250',
      'request@1000',
    ])
  })

  test('with the same kind and id replaces the one before, and can be taken back', () => {
    const { state, leap } = openState()
    const ran: number[] = []
    state.onJob('step', () => ran.push(state.now() - start))
    state.unit(() => {
      state.schedule('step', 'a', start + 10)
      state.schedule('step', 'a', start + 30)
      state.schedule('step', 'b', start + 20)
      state.unschedule('step', 'b')
    })
    leap(100)
    state.unit(() => {})
    expect(ran).toEqual([30])
  })

  test('that throws is undone, told, and does not stop the others', () => {
    const errors: string[] = []
    const log = { ...strictLog, error: (event: string) => errors.push(event) }
    const { state, leap, thing, owned } = openState(memoryStorage(), log)
    state.onJob('step', (id) => {
      state.table('thing').put(thing(id, 'ada'))
      if (id === 'bad') throw new Error('no')
    })
    state.unit(() => {
      state.schedule('step', 'bad', start + 10)
      state.schedule('step', 'good', start + 20)
    })
    leap(100)
    state.unit(() => {})
    expect([errors, owned('ada')]).toEqual([['sandbox.job_failed'], ['good']])
  })

  test('that was due while the process was down runs when the state is opened again', () => {
    const { state, storage } = openState()
    state.unit(() => state.schedule('step', 'a', start + 10))
    const again = openState(storage)
    const ran: string[] = []
    again.state.onJob('step', (id) => ran.push(id))
    again.leap(100)
    again.state.unit(() => {})
    expect(ran).toEqual(['a'])
    expect(openState(storage).state.jobs.peek()).toBeUndefined()
  })
})

test('an event keeps the object as it was when it was emitted', () => {
  const { state, thing } = openState()
  state.unit(() => {
    const first = thing('a', 'ada')
    state.emit('thing.created', first)
    state.emit('thing.updated', { ...first, owner: 'eve' }, { owner: 'ada' })
  })
  const events = state.table('event').all()
  expect(events.map((event) => textAt(event, 'data.object.owner'))).toEqual(['ada', 'eve'])
  expect(events.map((event) => textAt(event, 'data.previous_attributes.owner'))).toEqual([
    null,
    'ada',
  ])
})
