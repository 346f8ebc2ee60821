import { describe, expect, test } from 'vitest'
import { instantOfSeconds } from '../../values/instant.ts'
import { cardError, invalidRequest } from '../stripe/api/failure.ts'
import { memoryStorage, strictLog } from '../stripe/twin-fixture.ts'
import { textAt } from './fields.ts'
import type { StripeObject } from './objects.ts'
import { createWorld } from './world.ts'

const start = 1_800_000_000

function openWorld(storage = memoryStorage(), log = strictLog) {
  let now = start
  const clock = { now: () => instantOfSeconds(now) }
  const world = createWorld({ clock, seed: 'world', storage, log })
  const thing = (id: string, owner: string): StripeObject => ({
    id,
    object: 'thing',
    created: world.now(),
    livemode: false,
    owner,
  })
  return {
    world,
    storage,
    thing,
    leap: (seconds: number) => {
      now += seconds
    },
    owned: (owner: string) =>
      world
        .table('thing')
        .where('owner', owner)
        .map(({ id }) => id),
  }
}

describe('a unit of work', () => {
  test('that throws leaves nothing: no objects, no index entries, no events, no jobs, no ids', () => {
    const { world, storage, thing, owned } = openWorld()
    const table = world.table('thing')
    world.unit(() => {
      for (const id of ['a', 'b', 'c']) table.put(thing(id, 'ada'))
      world.schedule('noop', 'a', start + 50)
    })
    expect(owned('ada')).toEqual(['a', 'b', 'c'])
    const kept = new Map(storage.kept)
    const broken = () =>
      world.unit(() => {
        table.put(thing('d', 'ada'))
        table.put(thing('a', 'eve'))
        table.remove('b')
        world.emit('thing.created', thing('d', 'ada'))
        world.schedule('noop', 'a', start + 10)
        world.newId('x')
        throw invalidRequest(null, 'no')
      })
    expect(broken).toThrow('no')
    expect(storage.kept).toEqual(kept)
    expect(table.all().map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect([owned('ada'), owned('eve')]).toEqual([['a', 'b', 'c'], []])
    expect(world.table('event').all()).toEqual([])
    expect(world.jobs.peek()?.at).toBe(start + 50)
    expect(world.unit(() => world.newId('x'))).toBe(openWorld().world.newId('x'))
  })

  test('that is declined keeps what it recorded', () => {
    const { world, thing, owned } = openWorld()
    const declined = () =>
      world.unit(() => {
        world.table('thing').put(thing('a', 'ada'))
        throw cardError({ code: 'card_declined', message: 'declined' })
      })
    expect(declined).toThrow('declined')
    expect(owned('ada')).toEqual(['a'])
  })

  test('is saved in one piece', () => {
    const { world, storage, thing } = openWorld()
    let saves = 0
    const counting = {
      load: () => storage.load(),
      save: (changes: ReadonlyMap<string, string | null>) => {
        saves += 1
        storage.save(changes)
      },
    }
    const other = createWorld({
      clock: { now: () => instantOfSeconds(start) },
      seed: 'world',
      storage: counting,
      log: strictLog,
    })
    other.unit(() => {
      other.table('thing').put(thing('a', 'ada'))
      other.unit(() => other.emit('thing.created', thing('a', 'ada')))
    })
    expect(saves).toBe(1)
    expect(world.table('thing').all()).toEqual([])
  })

  test('shares its objects closed: changing one in place throws', () => {
    const { world, thing } = openWorld()
    const given = thing('a', 'ada')
    world.unit(() => world.table('thing').put(given))
    expect(() => {
      given['owner'] = 'eve'
    }).toThrow(TypeError)
  })
})

describe('a job', () => {
  test('runs at its own time, in order, however far the clock has leapt, before the next request', () => {
    const { world, leap } = openWorld()
    const ran: string[] = []
    world.onJob('step', (id) => {
      ran.push(`${id}@${world.now() - start}`)
      if (ran.length < 4) world.schedule('step', `${id}+`, world.now() + 100)
    })
    world.unit(() => {
      world.schedule('step', 'late', start + 150)
      world.schedule('step', 'early', start + 20)
    })
    leap(1000)
    const seen = world.unit(() => [...ran, `request@${world.now() - start}`])
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
    const { world, leap } = openWorld()
    const ran: number[] = []
    world.onJob('step', () => ran.push(world.now() - start))
    world.unit(() => {
      world.schedule('step', 'a', start + 10)
      world.schedule('step', 'a', start + 30)
      world.schedule('step', 'b', start + 20)
      world.unschedule('step', 'b')
    })
    leap(100)
    world.unit(() => {})
    expect(ran).toEqual([30])
  })

  test('that throws is undone, told, and does not stop the others', () => {
    const errors: string[] = []
    const log = { ...strictLog, error: (event: string) => errors.push(event) }
    const { world, leap, thing, owned } = openWorld(memoryStorage(), log)
    world.onJob('step', (id) => {
      world.table('thing').put(thing(id, 'ada'))
      if (id === 'bad') throw new Error('no')
    })
    world.unit(() => {
      world.schedule('step', 'bad', start + 10)
      world.schedule('step', 'good', start + 20)
    })
    leap(100)
    world.unit(() => {})
    expect([errors, owned('ada')]).toEqual([['sandbox.job_failed'], ['good']])
  })

  test('that was due while the process was down runs when the world is opened again', () => {
    const { world, storage } = openWorld()
    world.unit(() => world.schedule('step', 'a', start + 10))
    const again = openWorld(storage)
    const ran: string[] = []
    again.world.onJob('step', (id) => ran.push(id))
    again.leap(100)
    again.world.unit(() => {})
    expect(ran).toEqual(['a'])
    expect(openWorld(storage).world.jobs.peek()).toBeUndefined()
  })
})

test('an event keeps the object as it was when it was emitted', () => {
  const { world, thing } = openWorld()
  world.unit(() => {
    const first = thing('a', 'ada')
    world.emit('thing.created', first)
    world.emit('thing.updated', { ...first, owner: 'eve' }, { owner: 'ada' })
  })
  const events = world.table('event').all()
  expect(events.map((event) => textAt(event, 'data.object.owner'))).toEqual(['ada', 'eve'])
  expect(events.map((event) => textAt(event, 'data.previous_attributes.owner'))).toEqual([
    null,
    'ada',
  ])
})
