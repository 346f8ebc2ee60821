import type { JsonObject } from '../values/json.ts'

/** What operators count. Plain functions, so that any metrics library fits. */
export interface Counts {
  decided(actorType: string, event: string): void
  refused(actorType: string, code: string): void
  parked(kind: 'effect' | 'envelope'): void
  delivered(effectKind: string, outcome: 'done' | 'retry' | 'parked'): void
  /** What became of an effect that says so, once for each. */
  performed(effectKind: string, result: JsonObject): void
}

export const uncounted: Counts = {
  decided() {},
  refused() {},
  parked() {},
  delivered() {},
  performed() {},
}
