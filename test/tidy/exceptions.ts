// What does not keep the rules of the house yet, or never will, each with its reason. These lists
// may only get shorter.

/** Files that are longer than their kind may be. */
export const longFiles: Readonly<Record<string, string>> = {}

/** Functions of more than 60 lines, without those inside them. */
export const longFunctions: Readonly<Record<string, string>> = {
  'actors/runtime.ts: createRuntime': 'the runtime’s wiring, a line for each part',
  'app/open.ts: start': 'opens everything in the one order in which it can be opened',
  'twins/stripe/billing/invoice-draft.ts: blankInvoice': 'one field a line, as Stripe has them',
}

/** Files that export more than 8 values, and how many at most. */
export const manyExports: Readonly<Record<string, number>> = {
  'http/resources/wire.ts': 15,
  'machines/effects.ts': 18,
  'machines/shared-events.ts': 10,
  'persistence/stored-json.ts': 12,
  'providers/stripe/calls/failures.ts': 11,
  'scheduler/job-record.ts': 10,
  'twins/kernel/fields.ts': 12,
  'twins/stripe/api/parameters.ts': 11,
  'twins/stripe/billing/billing-records.ts': 10,
  'twins/stripe/billing/invoice-collection.ts': 9,
  'twins/stripe/billing/subscription-status.ts': 10,
  'values/instant.ts': 11,
}

/** Folders of more than 20 files of code, and how many at most. */
export const crowdedFolders: Readonly<Record<string, number>> = {}

/** Code that tests alone import, although it is not of the tests. */
export const testedAlone: Readonly<Record<string, string>> = {
  'actors/decision/replay.ts': 'what the recorded journals of each release are decided with again',
  'http/docs/errors-page.ts': 'writes docs/errors.md, which a test compares',
}

/** Where a program begins, or a tool looks. */
export const entries: ReadonlySet<string> = new Set([
  'bench/load/main.ts',
  'bench/main.ts',
  'bench/reader.ts',
  'cli/main.ts',
  'persistence/embedded/checkpoints/thread.ts',
  'vitest.config.ts',
])

/** Files with a line that is wider than 100 columns. */
export const wideFiles: ReadonlySet<string> = new Set([
  'actors/delivery/perform.ts',
  'actors/delivery/performer.ts',
  'persistence/mongo/documents/documents.ts',
])

/** Words of our own, and where they are left. */
export const dialect: ReadonlySet<string> = new Set([])

/** Types that are named by a participle. */
export const participles: ReadonlySet<string> = new Set([
  'actors/journal/commit-of.ts: Projected',
  'actors/delivery/perform.ts: Taken',
  'actors/delivery/performer.ts: Performed',
])

/** Clients of the API, and the store's identity, that name the one provider there is. */
export const namesProvider: ReadonlySet<string> = new Set([
  'cli/demo/story.ts',
  'persistence/identity.ts',
])
