import type { TextPacker } from '../text-packer.ts'
import type { Database } from './driver.ts'

/** The tables, and how the long texts in them are packed. */
export interface EmbeddedHome {
  readonly database: Database
  readonly packer: TextPacker
}
