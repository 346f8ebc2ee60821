import type { Timers } from '../../http/timers.ts'

/** Timers that stand still until the test lets time pass. */
export interface HandTimers extends Timers {
  /** Resolves as soon as somebody waits. */
  waiting(): Promise<void>
  isWaiting(): boolean
  /** Lets `ms` milliseconds pass, and calls whatever comes due on the way, in its order. */
  pass(ms: number): void
}

interface Timer {
  readonly atMs: number
  readonly work: () => void
}

export function createHandTimers(): HandTimers {
  let nowMs = 0
  const timers = new Set<Timer>()
  let tellWaiting: (() => void)[] = []

  function earliest(): Timer | null {
    const [first = null] = [...timers].sort((a, b) => a.atMs - b.atMs)
    return first
  }

  return {
    nowMs: () => nowMs,
    after(ms, work) {
      const timer = { atMs: nowMs + ms, work }
      timers.add(timer)
      for (const tell of tellWaiting.splice(0)) tell()
      return () => timers.delete(timer)
    },
    isWaiting: () => timers.size > 0,
    async waiting() {
      if (timers.size > 0) return
      await new Promise<void>((resolve) => {
        tellWaiting = [...tellWaiting, resolve]
      })
    },
    pass(ms) {
      const endMs = nowMs + ms
      for (let next = earliest(); next !== null && next.atMs <= endMs; next = earliest()) {
        timers.delete(next)
        nowMs = next.atMs
        next.work()
      }
      nowMs = endMs
    },
  }
}
