/** How far the event loop is behind, in milliseconds: what every request waits before it begins. */
export interface Lag {
  readonly ms: () => number
  stop(): void
}

const everyMs = 50
/** A single pause is soon forgotten, and a loop that stays behind is not. */
const fading = 0.8

export function watchLag(nowMs: () => number = () => performance.now()): Lag {
  let lag = 0
  let seenMs = nowMs()
  const timer = setInterval(() => {
    const now = nowMs()
    lag = Math.max(now - seenMs - everyMs, lag * fading)
    seenMs = now
  }, everyMs)
  timer.unref()
  return { ms: () => lag, stop: () => clearInterval(timer) }
}
