import { createTimeTravel } from '../../app/sandbox/time-travel.ts'
import type { SandboxControls } from '../../http/deps.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import { ChaosDial, calm } from '../../twins/kernel/chaos.ts'

/** Controls of a sandbox in which nothing is due. */
export function quietSandbox(): SandboxControls {
  const clock = createTestClock('2027-01-31T00:00:00.000Z')
  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: { settle: async () => {}, nextAt: async () => null },
  })
  let dial = calm
  return {
    now: () => clock.now(),
    advanceTo: (to) => travel.advanceTo(to),
    setChaos(wanted) {
      dial = ChaosDial.parse(wanted)
      return { ...dial }
    },
    chaos: () => ({ ...dial }),
  }
}
