import { setImmediate } from 'node:timers/promises'
import { vi } from 'vitest'

/**
 * From now on the computer's timers and its clock stand in the test's hands, and time flies: a
 * millisecond for each turn of the event loop. A machine under load is slower by its own measure
 * only. Answers how to end it.
 */
export function letTimeFly(): () => Promise<void> {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  })
  let flies = true
  async function fly(): Promise<void> {
    while (flies) {
      await vi.advanceTimersByTimeAsync(1)
      await setImmediate()
    }
  }
  const flight = fly()
  return async () => {
    flies = false
    await flight
    vi.useRealTimers()
  }
}
