/** A minute after Stripe's last 429 the pace is the full one again. */
const recoverMs = 60_000
/** Refusals within this time are of one crowd, and slow us down once. */
const oneCrowdMs = 1_000
const slowestPerSecond = 1

/**
 * How many reads a second there are: half after each crowd that Stripe refused, then more from
 * moment to moment.
 */
export function createReadPace(perSecond: number) {
  let slowed: { readonly perSecond: number; readonly atMs: number } | null = null

  function perSecondAt(ms: number): number {
    if (slowed === null) return perSecond
    const regained = (perSecond * (ms - slowed.atMs)) / recoverMs
    return Math.min(perSecond, slowed.perSecond + regained)
  }

  return {
    msPerRead: (ms: number): number => 1000 / perSecondAt(ms),
    /** False if it has slowed down for this crowd already. */
    slowDown(ms: number): boolean {
      if (slowed !== null && ms - slowed.atMs < oneCrowdMs) return false
      const slowest = Math.min(slowestPerSecond, perSecond)
      slowed = { perSecond: Math.max(slowest, perSecondAt(ms) / 2), atMs: ms }
      return true
    },
  }
}
