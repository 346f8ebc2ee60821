/** Resolves after `ms` milliseconds of real time. */
export function pause(ms: number): Promise<void> {
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
