import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { letter, start } from '../../test/contract/runtime-given.ts'
import type { Chart, ChartState, Summary } from './chart.ts'
import { createDecider } from './decide.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Entry } from '../journal/journal.ts'

const Debt = z.object({ owed: z.number(), note: z.number() })
type Debt = z.infer<typeof Debt>

interface Types {
  context?: Debt
  events?: { type: 'owe'; owed: number } | { type: 'note' } | { type: 'summary.asked' }
}
const types: Types = {}

const machine = setup({
  types,
  actions: {
    keep: assign(({ event }) => (event.type === 'owe' ? { owed: event.owed } : {})),
    note: assign({ note: ({ context }) => context.note + 1 }),
  },
}).createMachine({
  id: 'debtor',
  context: { owed: 0, note: 0 },
  on: { owe: { actions: 'keep' }, note: { actions: 'note' } },
})

function debtors(summaries: (debt: Debt) => readonly Summary[]): Chart {
  return {
    type: 'debtor',
    version: 1,
    migrations: [],
    machine,
    events: z.looseObject({ type: z.string() }),
    requests: new Set(),
    context: z.unknown(),
    summaries: ({ context }: ChartState) => summaries(Debt.parse(context)),
  }
}

/** Tells the clerk what is owed, while anything is. */
const clerk = debtors(({ owed }) => [
  { to: 'clerk/c', event: { type: 'debt.changed', owed }, matters: owed > 0 },
])

type Word = { type: string; [field: string]: string | number }

/** What each entry of a life tells others. */
function lifeOf(chart: Chart, ...words: readonly Word[]): unknown[] {
  const decider = createDecider({ debtor: chart })
  let head: Entry | null = null
  return words.map((event, index) => {
    const envelope: Envelope = { ...letter(event, { id: `e${index}` }), to: 'debtor/d' }
    const decision = decider.decide({ head, envelope, committedAt: start })
    if (decision.decided === 'refused') throw new Error(JSON.stringify(decision.refusal))
    head = decision.entry
    return decision.entry.effects.map(({ to, event: told }) => [to, told])
  })
}

const owe = (owed: number): Word => ({ type: 'owe', owed })
const says = (owed: number, version: number) => [
  ['clerk/c', { type: 'debt.changed', owed, version }],
]

describe('a summary', () => {
  test('is told when it changes, with the number of its entry, and not again while it is the same', () => {
    expect(lifeOf(clerk, owe(5), owe(5), { type: 'note' }, owe(7))).toEqual([
      says(5, 1),
      [],
      [],
      says(7, 4),
    ])
  })

  test('that does not matter is told only after one that did', () => {
    expect(lifeOf(clerk, owe(0), { type: 'note' }, owe(3), owe(0), { type: 'note' })).toEqual([
      [],
      [],
      says(3, 3),
      says(0, 4),
      [],
    ])
  })

  test('that was asked for is told to whoever asked, whether it matters or not, and marked', () => {
    const asked = { type: 'summary.asked', asker: 'clerk/c' }
    expect(lifeOf(clerk, owe(0), asked, { ...asked, asker: 'clerk/other' })).toEqual([
      [],
      [['clerk/c', { type: 'debt.changed', owed: 0, version: 2, again: true }]],
      [],
    ])
  })

  test('is told once a receiver: two of them are a fault of the chart', () => {
    const twice = debtors(({ owed }) => [
      { to: 'clerk/c', event: { type: 'debt.changed', owed }, matters: true },
      { to: 'clerk/c', event: { type: 'debt.closed' }, matters: true },
    ])
    expect(() => lifeOf(twice, owe(1))).toThrow('one receiver')
  })

  test('goes to every receiver that it names, in one entry', () => {
    const both = debtors(({ owed }) => [
      { to: 'clerk/c', event: { type: 'debt.changed', owed }, matters: true },
      { to: 'bank/b', event: { type: 'debt.changed', owed }, matters: true },
    ])
    expect(lifeOf(both, owe(1))).toEqual([
      [
        ['clerk/c', { type: 'debt.changed', owed: 1, version: 1 }],
        ['bank/b', { type: 'debt.changed', owed: 1, version: 1 }],
      ],
    ])
  })
})
