import { callbackify } from 'node:util'
import type { Job as AgendaJob } from 'agenda'

/**
 * Keeps the row's lock fresh while `work` runs, so that its lifetime may be short: it then says how
 * soon a dead process is noticed, not how long a job may take.
 */
export async function whileLocked(
  row: AgendaJob,
  lockMs: number,
  work: () => Promise<void>,
): Promise<void> {
  let touched = Promise.resolve()
  const timer = setInterval(() => {
    touched = touched.then(() => row.touch()).catch(() => clearInterval(timer))
  }, lockMs / 3)
  try {
    await work()
  } finally {
    clearInterval(timer)
    // A touch that lands after Agenda's own last write would leave the row locked.
    await touched
  }
}

/** As a processor of Agenda's: of its two forms, the one that its types tell apart. */
export function processorOf(
  work: (row: AgendaJob) => Promise<void>,
): (row: AgendaJob, done: (error?: Error) => void) => void {
  return callbackify(work)
}

/**
 * True when `work` is over, well or not; false if `ms` have passed first: it then goes on
 * unwatched.
 */
export async function isOverWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    const end = () => {
      clearTimeout(timer)
      resolve(true)
    }
    work.then(end, end)
  })
}
