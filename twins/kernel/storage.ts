/**
 * Where the twin keeps its state between two runs: text under keys. `save` is called once per
 * request or job with all that it changed (null removes); after it returns, `load` of a later
 * process shows it.
 */
export interface SandboxStorage {
  load(): ReadonlyMap<string, string>
  save(changes: ReadonlyMap<string, string | null>): void
}
