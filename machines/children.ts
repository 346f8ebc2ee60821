import type { ActorRef } from '../values/ids.ts'

// What an actor remembers of others that tell it their summaries: those that are open. What has
// ended is forgotten, so that no state grows with age. A late summary of a forgotten one looks like
// the first of a new one: it is believed, and its sender is asked to say once more how it stands
// (`summary.asked`).

interface ChildSummary {
  readonly version: number
}

type Children<Child> = Readonly<Record<string, Child>>

export interface Heard<Child> {
  readonly from: ActorRef
  readonly summary: Child
  /** True while the receiver has something to remember of it. */
  readonly isOpen: boolean
}

export interface Memory<Child> {
  readonly known: Children<Child>
  /** Whether anything was ever forgotten: only then may an unknown sender be an old one. */
  readonly hasForgotten: boolean
}

/** True if the summary says something that is not known. */
export function isNews<Child extends ChildSummary>(
  { known, hasForgotten }: Memory<Child>,
  { from, summary, isOpen }: Heard<Child>,
): boolean {
  const before = known[from]
  if (before !== undefined) return summary.version > before.version
  return isOpen || !hasForgotten
}

/** The memory after a summary that is news. */
export function remember<Child>(memory: Memory<Child>, heard: Heard<Child>): Memory<Child> {
  const { [heard.from]: _before, ...others } = memory.known
  if (!heard.isOpen) return { known: others, hasForgotten: true }
  return { known: { ...others, [heard.from]: heard.summary }, hasForgotten: memory.hasForgotten }
}

/** True if the summary may be an old one of an actor that was forgotten. */
export function mayBeForgotten<Child>(
  { known, hasForgotten }: Memory<Child>,
  { from, isOpen }: Heard<Child>,
): boolean {
  return isOpen && hasForgotten && known[from] === undefined
}
