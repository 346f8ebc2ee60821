import type { Effect, Entry } from '../../../actors/journal/journal.ts'
import { UnreadableDocument } from '../../errors.ts'
import { actorIn } from '../columns.ts'
import { keptIn } from '../document.ts'
import type { Database } from '../driver.ts'
import { storedIn } from '../journal.ts'
import { effectIdOf } from './effect-key.ts'

/** What an effect is read from: the entry that asked for it. */
export type EffectSource = Omit<Entry, 'snapshot'>

/** Reads each entry once, however many of its effects are asked for. */
export function createSources(database: Database): (id: number, seq: number) => EffectSource {
  const read = new Map<string, EffectSource>()
  return (id, seq) => {
    const known = read.get(`${id}#${seq}`)
    if (known) return known
    const row = database.get(
      `SELECT a.ref, j.seq, j.committed_at, j.envelope_id, j.document
       FROM entries j JOIN actors a ON a.id = j.actor_id WHERE j.actor_id = ? AND j.seq = ?`,
      [id, seq],
    )
    if (row === undefined) throw new UnreadableDocument(`the entry ${seq} of the actor no. ${id}`)
    const { entry } = keptIn(storedIn(row, actorIn(row)))
    read.set(`${id}#${seq}`, entry)
    return entry
  }
}

export function effectIn({ actor, seq, effects }: EffectSource, n: number): Effect {
  const id = effectIdOf({ ref: actor, seq, n })
  const effect = effects.find((one) => one.id === id)
  if (effect === undefined) throw new UnreadableDocument(`the entry of the effect ${id}`)
  return effect
}
