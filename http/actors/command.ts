import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { uuidv7 } from 'uuidv7'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import type { ActorType, EventsOf, Message } from '../../machines/messages.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { JsonObject } from '../../values/json.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type HttpEnv } from '../env.ts'
import { principalName } from '../middleware/auth.ts'
import { Problem, refused } from '../problem.ts'
import { refusalOf, type Command } from './checks.ts'

type RequestContext = Pick<Context<HttpEnv>, 'var'>

/**
 * A new id such as `acct_…`: the same again when a request is repeated with its Idempotency-Key.
 */
export function newId(c: RequestContext, prefix: string): string {
  const { idempotencyScope } = c.var
  return `${prefix}_${idempotencyScope === null ? random() : derived(idempotencyScope, prefix)}`
}

function random(): string {
  return uuidv7().replaceAll('-', '')
}

function derived(scope: string, purpose: string): string {
  return createHash('sha256').update(`${scope}\n${purpose}`).digest('hex').slice(0, 32)
}

/** As `command`, of what this type of actor may be told: a misspelt event does not compile. */
export function ask<
  Type extends ActorType,
  const Given extends JsonObject & { type: EventsOf[Type]['type'] },
>(
  c: RequestContext,
  deps: HttpDeps,
  to: ActorRef<Type>,
  event: Message<Type, Given>,
): Promise<Entry> {
  return command(c, deps, { to, event })
}

/**
 * Asks an actor for something, in the name of whoever sent the request, and answers with the entry
 * that came of it; a repeated request gets the entry of its first try. Throws the Problem of any
 * other outcome.
 */
export async function command(
  c: RequestContext,
  deps: HttpDeps,
  { to, event }: Command,
): Promise<Entry> {
  const refusal = await refusalOf(deps, { to, event })
  if (refusal !== null) throw refused(refusal)
  const told = await deps.runtime.tell(envelopeOf(c, { deps, to, event }))
  const { outcome } = told
  switch (outcome) {
    case 'committed':
    case 'duplicate':
    case 'unchanged':
      return told.entry
    case 'refused':
      throw refused(told.refusal)
    case 'parked':
    case 'busy':
      throw waits(outcome)
  }
}

/** The actor cannot take it now; whoever asked may ask again. */
export function waits(outcome: 'parked' | 'busy'): Problem {
  return outcome === 'parked'
    ? new Problem('actor_parked', { headers: { 'Retry-After': '60' } })
    : new Problem('actor_busy', { headers: { 'Retry-After': '1' } })
}

function envelopeOf(
  c: RequestContext,
  { deps, to, event }: Command & { deps: HttpDeps },
): Envelope {
  const principal = principalOf(c)
  const { idempotencyScope, requestId } = c.var
  const now = deps.clock.now()
  const id = idempotencyScope === null ? random() : derived(idempotencyScope, `${to} ${event.type}`)
  return {
    id: `api:${id}`,
    to,
    event,
    source: principal.operator === null ? 'api' : 'operator',
    occurredAt: now,
    receivedAt: now,
    causationId: null,
    correlationId: requestId,
    principal: principalName(principal),
  }
}
