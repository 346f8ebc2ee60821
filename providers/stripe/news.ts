import type { ActorRef } from '../../values/ids.ts'
import type { Message } from './message.ts'
import { plainRef } from './refs.ts'
import type { Resolver } from './resolve.ts'

export interface NewsPorts {
  readonly resolver: Pick<Resolver, 'refsOf' | 'isLinked'>
  readonly exists: (actor: ActorRef) => Promise<boolean>
}

/**
 * Leaves out what is news to nobody, before anything is read for it: what only an actor can use
 * that exists already. Told to one that does not, it would be an entry that says nothing.
 */
export async function toTheKnown(
  messages: readonly Message[],
  { exists }: Pick<NewsPorts, 'exists'>,
): Promise<readonly Message[]> {
  const kept: Message[] = []
  for (const message of messages) {
    if (message.newsTo !== 'known' || (await exists(plainRef(message.target)))) kept.push(message)
  }
  return kept
}

/** True unless it links an actor to an id of the provider's to which it is linked already. */
export async function isNewsTo(
  to: ActorRef,
  { newsTo, target }: Message,
  { resolver }: Pick<NewsPorts, 'resolver'>,
): Promise<boolean> {
  if (newsTo !== 'unlinked' || target.theirs === null) return true
  return !(await resolver.isLinked(target.theirs, to))
}
