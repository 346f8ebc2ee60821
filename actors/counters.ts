/** What operators count. Plain functions, so that any metrics library fits. */
export interface Counts {
  decided(actorType: string, event: string): void
  refused(actorType: string, code: string): void
  parked(kind: 'effect' | 'envelope'): void
  delivered(effectKind: string, outcome: 'done' | 'retry' | 'parked'): void
}

export const uncounted: Counts = {
  decided() {},
  refused() {},
  parked() {},
  delivered() {},
}
