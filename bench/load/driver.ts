import { setTimeout as pause } from 'node:timers/promises'

export interface Sample {
  readonly tookMs: number
  /** 0 where nothing was answered. */
  readonly status: number
}

export function percentile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

/** Asks, and notes how long the whole answer took; null if there was none. */
export async function timed(
  samples: Sample[],
  request: () => Promise<Response>,
): Promise<Response | null> {
  const beganMs = performance.now()
  try {
    const answer = await request()
    await answer.arrayBuffer()
    samples.push({ tookMs: performance.now() - beganMs, status: answer.status })
    return answer
  } catch {
    samples.push({ tookMs: performance.now() - beganMs, status: 0 })
    return null
  }
}

/** Begins as many a second, whether or not those before have ended. Answers all that it began. */
export async function drive(
  perSecond: number,
  seconds: number,
  work: () => Promise<void>,
): Promise<Promise<void>[]> {
  const all: Promise<void>[] = []
  const beganMs = performance.now()
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const waitMs = beganMs + (1000 * n) / perSecond - performance.now()
    if (waitMs > 1) await pause(waitMs)
    all.push(work())
  }
  return all
}
