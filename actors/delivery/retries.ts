import type { Instant } from '../../values/instant.ts'

/** That people had an effect tried again after it was given up. Kept with it until it is done. */
export interface Retries {
  /** How often: each giving-up of one effect comes after another number of these. */
  readonly times: number
  /** The last time, and who asked. */
  readonly at: Instant
  readonly by: string
}
