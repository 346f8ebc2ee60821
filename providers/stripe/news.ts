import type { ActorRef } from '../../values/ids.ts'
import type { Message } from './message.ts'
import type { Resolver } from './resolve.ts'

/**
 * Leaves out what is news to nobody, before anything is read for it. That depends on the message
 * alone: were it told to actors that exist already, the end would depend on the order of arrival.
 */
export function newsIn(messages: readonly Message[]): readonly Message[] {
  return messages.filter(({ newsTo }) => newsTo !== 'nobody')
}

/**
 * True unless it links an actor to an id of the provider's to which it is linked already, which
 * would change nothing.
 */
export async function isNewsTo(
  to: ActorRef,
  { newsTo, target }: Message,
  { resolver }: { resolver: Pick<Resolver, 'isLinked'> },
): Promise<boolean> {
  if (newsTo !== 'unlinked' || target.theirs === null) return true
  return !(await resolver.isLinked(target.theirs, to))
}
