import { StoreUnavailable } from '../actors/port-errors.ts'

/** A stored document does not have the form that this release writes and reads. */
export class UnreadableDocument extends Error {
  override readonly name = 'UnreadableDocument'
  readonly code = 'document_unreadable'

  constructor(what: string, options: { cause?: unknown } = {}) {
    super(
      `${what} cannot be read: it was changed by hand, or by a release that this one does not know. ` +
        'Restore it from a backup, or run the release that wrote it',
      options,
    )
  }
}

/**
 * A text was packed with a dictionary that this release does not have: a newer one wrote it, beside
 * this one or before it, and reads it.
 */
export class UnknownDictionary extends StoreUnavailable {
  override readonly name = 'UnknownDictionary'
  override readonly code = 'dictionary_unknown'

  constructor(what: string, dictionary: number) {
    super(
      `${what} was packed with the dictionary ${dictionary.toString(16)}, which this release does not have: ` +
        'run the release that wrote it, or a newer one',
    )
  }
}

/** The store was written in another format than this release reads. */
export class UnknownFormat extends Error {
  override readonly name = 'UnknownFormat'
  readonly code = 'store_format_unknown'

  constructor(where: string, versions: { readonly found: number; readonly known: number }) {
    super(
      `${where} has format ${versions.found} and this release reads ${versions.known}: ` +
        'run the release that wrote it, or open another store',
    )
  }
}

/** `copyStore` writes only into a store in which nothing is. */
export class TargetNotEmpty extends Error {
  override readonly name = 'TargetNotEmpty'
  readonly code = 'target_not_empty'
}
