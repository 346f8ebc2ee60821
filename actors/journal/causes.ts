import { isActorRef, type ActorRef } from '../../values/ids.ts'
import type { Entry } from './journal.ts'

const form = /^(?<actor>.+)#(?<seq>[1-9]\d{0,14})(?:\.\d+)?$/

/** The entry that an effect's id, or a timer's instance, names; null of any other cause. */
export function entryNamed(causationId: string): { actor: ActorRef; seq: number } | null {
  const { actor, seq } = form.exec(causationId)?.groups ?? {}
  return isActorRef(actor) && seq !== undefined ? { actor, seq: Number(seq) } : null
}

/** Where a chain begins: whatever came from outside, or was due by itself. */
const outside: ReadonlySet<string> = new Set(['api', 'operator', 'timer', 'system'])

/**
 * The chain of entries that led to `(actor, seq)`, that entry first: each was caused by an effect
 * of the one after it, and the last by the world (a provider's event, a timer, a request). At most
 * `most` entries; `complete` is false if the chain goes on, or if an entry of it is not there.
 */
export async function causesOf(
  entry: (actor: ActorRef, seq: number) => Promise<Entry | null>,
  from: { readonly actor: ActorRef; readonly seq: number },
  most: number,
): Promise<{ readonly chain: readonly Entry[]; readonly complete: boolean }> {
  const chain: Entry[] = []
  let next: { actor: ActorRef; seq: number } | null = from
  while (next !== null && chain.length < most) {
    const found: Entry | null = await entry(next.actor, next.seq)
    if (found === null) return { chain, complete: false }
    chain.push(found)
    const { source, causationId } = found.envelope
    next = causationId === null || outside.has(source) ? null : entryNamed(causationId)
  }
  return { chain, complete: next === null }
}
