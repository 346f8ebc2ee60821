/**
 * Resolves after `ms` milliseconds of real time; of none, once everything that is ready has run.
 */
export function pause(ms: number): Promise<void> {
  if (ms === 0) return everythingReady()
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Resolves once everything that is ready to run now has run. */
export function everythingReady(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
