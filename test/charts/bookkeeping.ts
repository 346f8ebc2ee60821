import type { charts } from '../../machines/index.ts'

/**
 * What two runs over the same facts may differ in, and why. Everything else in a state must be
 * equal. `set`: only whether there is a value counts. `any`: not even that. Left out everywhere:
 * `read` and `seq` of an observation, which are numbers of entries.
 */
export interface Bookkeeping {
  readonly field: string
  readonly equal: 'set' | 'any'
  readonly why: string
}

type ChartName = keyof typeof charts

const rejection: Bookkeeping = {
  field: 'rejection',
  equal: 'any',
  why: 'what the provider refused last: an answer to a request, not a fact of the object',
}
const createdAt: Bookkeeping = {
  field: 'createdAt',
  equal: 'set',
  why: 'when we first heard of it, which is the time of whichever word arrived first',
}

const versions: readonly Bookkeeping[] = ['subscriptions', 'invoices', 'cases'].map((children) => ({
  field: `${children}.*.version`,
  equal: 'any',
  why: 'the number of the sender’s entry, which is another if it was asked to say it again',
}))
const hasForgotten: Bookkeeping = {
  field: 'hasForgotten',
  equal: 'any',
  why: 'whether an actor was known before it ended: one that comes after is asked once more how it stands',
}

export const bookkeeping: Readonly<Record<ChartName, readonly Bookkeeping[]>> = {
  account: [
    createdAt,
    hasForgotten,
    ...versions,
    rejection,
    {
      field: 'entitlements.version',
      equal: 'any',
      why: 'counts the account’s own entries: another order has other numbers',
    },
    { field: 'entitlements.at', equal: 'any', why: 'the time of the entry that version names' },
    {
      field: 'entitlements.features.*.since',
      equal: 'any',
      why: 'the number of the entry since which the feature stands so',
    },
    {
      field: 'bans.*.at',
      equal: 'any',
      why: 'when we were first told; the reason and who banned must be equal',
    },
  ],
  subscription: [createdAt, hasForgotten, ...versions, rejection],
  invoice: [
    rejection,
    {
      field: 'caseSeq',
      equal: 'any',
      why: 'whether a failure was seen on the way: if it was, the case it opened hears of the end too',
    },
    {
      field: 'paidAt',
      equal: 'set',
      why: 'the time of the first word that said so; the fact itself must be equal',
    },
  ],
  payment: [
    {
      field: 'refundsPaidOut',
      equal: 'any',
      why: 'whether a refund that failed was seen to succeed before: the ledger reverses what it booked, and both come to nothing',
    },
  ],
  dunning: [
    {
      field: 'policy',
      equal: 'any',
      why: 'a case whose invoice was settled before its first failure was heard of needs none',
    },
    {
      field: 'enforcedAt',
      equal: 'any',
      why: 'another method is demanded at once where a hard decline is seen, else on its day',
    },
    {
      field: 'anchorAt',
      equal: 'set',
      why: 'a case that opens too late counts from its opening, which is its first word',
    },
    {
      field: 'declined.at',
      equal: 'set',
      why: 'the time of the word that is known, of those that say the same',
    },
    { field: 'stepsTaken.*.at', equal: 'any', why: 'a step that is late is taken at once' },
  ],
  event: [],
  reconciliation: [],
}
