import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Chart } from '../../actors/decision/chart.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import { replay } from '../../actors/decision/replay.ts'
import { upgrade } from '../../actors/decision/upgrade.ts'
import { charts } from '../../machines/index.ts'
import { typeOf } from '../../values/ids.ts'
import { canonical } from '../../values/json.ts'
import { digestOf, RecordedJournal, type RecordedEntry } from './journal.ts'
import { record } from './record.ts'

// Every journal that a release has left is decided again by today's charts. One that ends otherwise
// means that a running system would be changed by the deployment: it needs a migration, never a new
// recording.
//
//   RECORD=0.2.0 npx vitest run test/journals      records the stories of a new release

const { RECORD } = process.env
if (RECORD) await record(RECORD)

const folder = import.meta.dirname
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'shapes.json')

function chartOf(type: string): Chart | null {
  return Object.values(charts).find((chart) => chart.type === type) ?? null
}

/**
 * Of effects with one `coalesce` key the drain that was recorded kept the first; all else must be
 * there.
 */
function sameEffects(entry: Entry, recorded: RecordedEntry): boolean {
  const wanted = new Set(recorded.effects.map((effect) => canonical(effect)))
  const asked = new Set(entry.effects.map((effect) => canonical(effect)))
  const isLeftOut = ({ coalesce }: Entry['effects'][number]) => typeof coalesce === 'string'
  return (
    [...wanted].every((effect) => asked.has(effect)) &&
    entry.effects.every((effect) => wanted.has(canonical(effect)) || isLeftOut(effect))
  )
}

test('there are journals of the first release', () => {
  expect(files.filter((name) => name.startsWith('0.1.0-')).length).toBeGreaterThan(0)
})

describe.each(files)('%s', (name) => {
  const journal = RecordedJournal.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))

  test.each(journal.actors)('A2 today $actor comes to the same end', (told) => {
    const { actor, entries, snapshot } = told
    const chart = chartOf(typeOf(actor))
    if (chart === null) throw new Error(`no chart takes ${actor} any more`)
    const again = replay(
      charts,
      entries.map(({ envelope }) => envelope),
    )
    expect(again.at(-1)?.snapshot).toEqual(upgrade(chart, snapshot))
    // A step on the way can be compared only where nothing was migrated since.
    const steps = again.filter((entry, index) => {
      const recorded = entries[index]
      if (recorded === undefined) return true
      const isSame = snapshot.version < chart.version || digestOf(entry.snapshot) === recorded.digest
      return !isSame || !sameEffects(entry, recorded)
    })
    expect(steps.map(({ seq, envelope }) => `${seq} ${envelope.event.type}`)).toEqual([])
  })
})
