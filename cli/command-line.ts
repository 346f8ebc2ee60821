export interface CommandLine {
  readonly rest: readonly string[]
  readonly to: string | null
}
