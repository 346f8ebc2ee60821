import type { Context } from 'hono'
import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { isActorRef, type ActorRef } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type HttpEnv } from '../env.ts'
import { maySee } from '../principal.ts'
import { Problem } from '../problem.ts'
import { presentInvoice, type WireInvoice } from '../resources/invoice.ts'
import { presentSubscription, type WireSubscription } from '../resources/subscription.ts'

type RequestContext = Pick<Context<HttpEnv>, 'var'>

/** The one answer for what is not there, is malformed, or may not be seen. */
export function notFound(): Problem {
  return new Problem('not_found')
}

/** `type/id`, or the 404 of an unknown one where no actor could have this id. */
export function refOf<Type extends string>(type: Type, id: string): ActorRef<Type> {
  const ref: ActorRef<Type> = `${type}/${id}`
  if (!isActorRef(ref)) throw notFound()
  return ref
}

/** The newest entry of an account that the caller may see. */
export async function accountEntry(c: RequestContext, deps: HttpDeps, id: string): Promise<Entry> {
  const entry = await deps.runtime.read(refOf('account', id))
  if (entry === null || !maySee(principalOf(c), id)) throw notFound()
  return entry
}

/** As `accountEntry`, of one on which something may begin: created, and not only heard of. */
export async function knownAccount(c: RequestContext, deps: HttpDeps, id: string): Promise<Entry> {
  const entry = await accountEntry(c, deps, id)
  if (contextOf(entry, AccountContext).createdAt === null) throw notFound()
  return entry
}

export interface VisibleResource<Wire> {
  readonly entry: Entry
  readonly shown: Wire
}

export async function seenSubscription(
  c: RequestContext,
  deps: HttpDeps,
  id: string,
): Promise<VisibleResource<WireSubscription>> {
  const entry = await deps.runtime.read(refOf('subscription', id))
  const shown = entry && presentSubscription(entry)
  if (!shown || !maySee(principalOf(c), shown.account)) throw notFound()
  return { entry, shown }
}

export async function seenInvoice(
  c: RequestContext,
  deps: HttpDeps,
  id: string,
): Promise<VisibleResource<WireInvoice>> {
  const entry = await deps.runtime.read(refOf('invoice', id))
  const shown = entry && presentInvoice(entry)
  if (!shown || !maySee(principalOf(c), shown.account)) throw notFound()
  return { entry, shown }
}
