/**
 * The computer's time, for people who wait for an answer and for what is kept in memory. The
 * business has the platform's `clock`.
 */
export interface Timers {
  /** Milliseconds since some moment; never goes back. */
  nowMs(): number
  /** Calls `work` once, in `ms` milliseconds; what it returns calls that off. */
  after(ms: number, work: () => void): () => void
}

export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
