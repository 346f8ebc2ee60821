import type { Home, HomeName } from './homes.ts'

/** Which stores there are, and one of them, fresh, for as long as `work` runs. */
export interface Ground {
  readonly homes: readonly HomeName[]
  readonly withHome: <T>(name: HomeName, work: (home: Home) => Promise<T>) => Promise<T>
  readonly options: {
    readonly rounds: number
    readonly events: number
    readonly subscribers: number
    readonly days: number
    readonly renewals: number
  }
}

/** One table of figures. */
export interface Part {
  readonly name: string
  readonly about: string
  run(ground: Ground): Promise<void>
}
