/**
 * What the running unit of work has changed: how to take it back, and what to store if it stands.
 */
export interface Changes {
  /** `value` is asked at the end of the unit for the text to store under `key`; null removes it. */
  record(key: string, value: () => string | null, undo: () => void): void
  rollBack(): void
  /** Ends the unit and returns what it changed. */
  take(): ReadonlyMap<string, string | null>
  /** Ends the unit whose changes nobody stores. */
  forget(): void
}

export function createChanges(): Changes {
  let undos: (() => void)[] = []
  let touched = new Map<string, () => string | null>()

  return {
    record(key, value, undo) {
      undos.push(undo)
      touched.set(key, value)
    },
    rollBack() {
      for (const undo of undos.reverse()) undo()
      undos = []
      touched = new Map()
    },
    take() {
      const changes = new Map([...touched].map(([key, value]) => [key, value()] as const))
      undos = []
      touched = new Map()
      return changes
    },
    forget() {
      undos = []
      touched = new Map()
    },
  }
}
