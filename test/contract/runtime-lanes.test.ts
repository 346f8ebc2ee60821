import { expect, test } from 'vitest'
import { uncounted } from '../../actors/counters.ts'
import { createDelivery } from '../../actors/delivery/deliver.ts'
import { callsAtOnce } from '../../actors/limits.ts'
import { handClock, memoryStore, quick, silent, start } from './runtime-given.ts'
import { commit, tracking } from './store-given.ts'

const limits = { ...quick, concurrency: 8 }

function gate() {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

/** A delivery whose calls to providers hang until they are freed. */
async function hanging(calls: number, own: number) {
  const store = memoryStore()
  const at = start
  await tracking(store, new Map()).append([
    ...Array.from({ length: calls }, (_, n) =>
      commit({ actor: `counter/call${n}`, at, effects: 1, provider: 'stripe' }),
    ),
    // Due with the calls, and after them in their order.
    ...Array.from({ length: own }, (_, n) => commit({ actor: `counter/own${n}`, at, effects: 1 })),
  ])
  const performed = { own: 0, calls: 0 }
  let running = 0
  let most = 0
  let settled = 0
  const [freed, full, allOwn, settledOwn] = [gate(), gate(), gate(), gate()]
  const delivery = createDelivery({
    store: {
      ...store,
      async settle(settlements) {
        await store.settle(settlements)
        settled += settlements.length
        if (settled === own) settledOwn.open()
      },
    },
    clock: handClock(),
    log: silent,
    limits,
    counts: uncounted,
    async perform({ effect }) {
      if (effect['provider'] === undefined) {
        performed.own += 1
        if (performed.own === own) allOwn.open()
        return null
      }
      running += 1
      most = Math.max(most, running)
      if (running === callsAtOnce(limits)) full.open()
      await freed.passed
      running -= 1
      performed.calls += 1
      return null
    },
    isWanted: async () => null,
    withdraw: async () => ({}),
    tellParked: async () => {},
  })
  return { store, delivery, performed, freed, full, allOwn, settledOwn, most: () => most }
}

test('A4 our own work is performed while providers hang, and no call is claimed to wait', async () => {
  const { store, delivery, performed, freed, full, allOwn, most } = await hanging(20, 10)
  delivery.nudge()
  await Promise.all([full.passed, allOwn.passed])
  expect(performed).toEqual({ own: 10, calls: 0 })
  // What has no place is left for other processes.
  expect(await store.claim(start, 99, limits.leaseMs)).toHaveLength(20 - callsAtOnce(limits))
  freed.open()
  await delivery.deliverDue()
  expect(most()).toBe(6)
  expect(performed.calls).toBe(6)
})

test('A4 what is done is settled while providers hang', async () => {
  const { delivery, full, settledOwn, freed } = await hanging(20, 10)
  delivery.nudge()
  await Promise.all([full.passed, settledOwn.passed])
  freed.open()
  await delivery.deliverDue()
})

test('A4 what is claimed by a process that has stopped is given back at once', async () => {
  const { store, delivery, performed, settledOwn } = await hanging(0, 3)
  const claims = await store.claim(start, 3, limits.leaseMs)
  await delivery.stop()
  delivery.take(claims)
  await settledOwn.passed
  expect(performed.own).toBe(0)
  expect(await store.claim(start, 9, limits.leaseMs)).toHaveLength(3)
})

test('A4 all calls are made in the end, never more at once than their share', async () => {
  const { delivery, performed, freed, most } = await hanging(30, 3)
  freed.open()
  expect(await delivery.deliverDue()).toBe(33)
  expect(performed).toEqual({ own: 3, calls: 30 })
  expect(most()).toBe(6)
})

test.each`
  concurrency | share | why
  ${32}       | ${24} | ${'three quarters'}
  ${2}        | ${1}  | ${'one is left'}
  ${1}        | ${1}  | ${'calls must be made'}
`('of $concurrency effects at once $share may be calls: $why', ({ concurrency, share }) => {
  expect(callsAtOnce({ ...quick, concurrency })).toBe(share)
})
