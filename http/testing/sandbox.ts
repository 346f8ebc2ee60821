import type { SandboxControls } from '../deps.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import { ChaosDial, calm } from '../../providers/sandbox/chaos.ts'

/** Controls of a sandbox in which nothing is due. */
export function quietSandbox(): SandboxControls {
  const clock = createTestClock('2027-01-31T00:00:00.000Z')
  let dial = calm
  return {
    now: () => clock.now(),
    advanceTo: async (to) => {
      clock.advanceTo(to)
      return { now: clock.now() }
    },
    setChaos(wanted) {
      dial = ChaosDial.parse(wanted)
      return { ...dial }
    },
    chaos: () => ({ ...dial }),
  }
}
