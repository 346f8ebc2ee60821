import { baseSeq, type Entry } from '../../actors/journal/journal.ts'
import type { Page, PageRequest } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { type Instant, msOf } from '../../values/instant.ts'
import { isStorable } from '../checked.ts'
import { listByNumber } from '../pages.ts'
import { actorId } from './actors.ts'
import { instantIn, integerIn, textIn } from './columns.ts'
import { entriesOf, type EntryColumns } from './document.ts'
import type { Row } from './driver.ts'
import type { EmbeddedHome } from './home.ts'

/** Reads of the journal. */
export function createJournal({ database, packer }: EmbeddedHome) {
  /** From the newest whole entry at or before `from`, so that more may come than was asked for. */
  const range = (ref: ActorRef, id: number, seqs: { from: number; to: number }): Entry[] => {
    const rows = database.all(
      `SELECT seq, committed_at, envelope_id, document, packed FROM entries
       WHERE actor_id = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
      [id, baseSeq(seqs.from), seqs.to],
    )
    const stored = rows.map((row) => storedIn(row, ref))
    return entriesOf(stored, packer)
  }
  const one = (ref: ActorRef, id: number, seq: number): Entry | null => {
    const last = range(ref, id, { from: seq, to: seq }).at(-1)
    return last?.seq === seq ? last : null
  }
  const headOf = (ref: ActorRef): Row | undefined =>
    database.get('SELECT id, seq, committed_at FROM actors WHERE ref = ?', [ref])

  /** Of an actor no entry is committed before the one that it follows. */
  const seqAt = (id: number, newest: number, at: number): number => {
    let [low, high] = [0, newest]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const row = database.get('SELECT committed_at FROM entries WHERE actor_id = ? AND seq = ?', [
        id,
        middle,
      ])
      if (row !== undefined && integerIn(row, 'committed_at') <= at) low = middle
      else high = middle - 1
    }
    return low
  }

  return {
    head(ref: ActorRef): Entry | null {
      const head = headOf(ref)
      return head ? one(ref, integerIn(head, 'id'), integerIn(head, 'seq')) : null
    },
    entry(ref: ActorRef, seq: number): Entry | null {
      if (!Number.isSafeInteger(seq) || seq < 1) return null
      const id = actorId(database, ref)
      return id === null ? null : one(ref, id, seq)
    },
    entryAt(ref: ActorRef, at: Instant): Entry | null {
      const head = headOf(ref)
      if (head === undefined) return null
      const id = integerIn(head, 'id')
      const newest = integerIn(head, 'seq')
      const isHead = integerIn(head, 'committed_at') <= msOf(at)
      const seq = isHead ? newest : seqAt(id, newest, msOf(at))
      return seq === 0 ? null : one(ref, id, seq)
    },
    seqsOf(ref: ActorRef, envelopeIds: readonly string[]): ReadonlyMap<string, number> {
      const rows = database.all(
        `SELECT envelope_id, seq FROM entries
         WHERE actor_id = (SELECT id FROM actors WHERE ref = ?1)
           AND envelope_id IN (SELECT value FROM json_each(?2))`,
        [ref, JSON.stringify(envelopeIds.filter(isStorable))],
      )
      return new Map(rows.map((row) => [textIn(row, 'envelope_id'), integerIn(row, 'seq')]))
    },
    history(ref: ActorRef, page: PageRequest): Page<Entry> {
      const list = listByNumber(`history ${ref}`)
      const after = list.after(page) ?? 0
      const id = actorId(database, ref)
      if (id === null) return { items: [], cursor: null }
      const found = range(ref, id, { from: after + 1, to: after + page.limit + 1 })
      const asked = found.filter(({ seq }) => seq > after)
      return list.page(asked, page.limit, ({ seq }) => seq)
    },
  }
}

export function storedIn(row: Row, actor: ActorRef): EntryColumns {
  return {
    actor,
    seq: integerIn(row, 'seq'),
    committedAt: instantIn(row, 'committed_at'),
    envelopeId: textIn(row, 'envelope_id'),
    document: row['document'],
    packed: row['packed'],
  }
}
