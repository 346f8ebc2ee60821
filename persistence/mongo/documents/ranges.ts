import { afterPrefix } from '../../pages.ts'

/** A range of texts in the order of their UTF-8 bytes, which is MongoDB's own. */
export interface TextRange {
  readonly $gt?: string
  readonly $gte?: string
  readonly $lt?: string
}

/** The texts that begin with `prefix` and come after `after`, where that is given. */
export function rangeOf(prefix: string, after: string | null): TextRange {
  const end = afterPrefix(prefix)
  return {
    ...(after === null ? { $gte: prefix } : { $gt: after }),
    ...(end !== null && { $lt: end }),
  }
}
