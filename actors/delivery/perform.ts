import { isActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { JsonObject } from '../../values/json.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Performer, Result } from './performer.ts'
import { RetryLater, StoreUnavailable } from '../port-errors.ts'
import type { ClaimedEffect, Log } from '../ports.ts'
import { isSendersFault, type Refusal } from '../refusal.ts'
import type { TellOutcome } from '../tell-outcome.ts'
import { SnapshotTooNew } from '../decision/upgrade.ts'

// A5 A result returns as an envelope whose id is derived from the effect's: `<effect id>:<n>`, and
//    a tell's envelope has the effect's own id. Performed twice, it is told twice, and taken once.

/** No performer takes effects of this kind. */
export class EffectUnknown extends Error {
  override readonly name = 'EffectUnknown'
  readonly code = 'effect_unknown'
}

/** An actor could never take what an effect led to: a bug of whoever made the event. */
export class ResultRefused extends Error {
  override readonly name = 'ResultRefused'
  readonly code = 'result_refused'
}

/** Two performers for effects of one kind and provider: found at start-up. */
export class PerformerTwice extends Error {
  override readonly name = 'PerformerTwice'
  readonly code = 'performer_twice'
}

export interface PerformOptions {
  readonly performers: readonly Performer[]
  readonly log: Log
  readonly tell: (envelope: Envelope) => Promise<TellOutcome>
}

/**
 * Performs one effect and tells its results. Resolves when all of them are taken; throws RetryLater
 * to go on later.
 */
export function createPerforming({ performers, log, tell }: PerformOptions) {
  const registered = registryOf(performers)

  async function perform(claimed: ClaimedEffect, now: Instant): Promise<JsonObject | null> {
    const { envelopes, outcome } = await envelopesOf(claimed, now)
    const told = await tellAll(claimed, envelopes)
    return outcome === null ? null : { ...outcome, told }
  }

  async function tellAll(
    claimed: ClaimedEffect,
    envelopes: readonly Envelope[],
  ): Promise<JsonObject[]> {
    const told: JsonObject[] = []
    for (const envelope of envelopes) {
      const answer = await toldOrLater(envelope)
      if (answer.outcome === 'refused') refusedBy(claimed, envelope, answer.refusal)
      told.push(toldEntry(envelope, answer))
    }
    return told
  }

  /** Tells it, or throws RetryLater: an actor that takes nothing now is told later. */
  async function toldOrLater(envelope: Envelope): Promise<Taken> {
    let answer: TellOutcome
    try {
      answer = await tell(envelope)
    } catch (error) {
      if (!(error instanceof StoreUnavailable || error instanceof SnapshotTooNew)) throw error
      throw notTold(error.message, error)
    }
    if (answer.outcome !== 'parked' && answer.outcome !== 'busy') return answer
    throw notTold(`${envelope.to} is ${answer.outcome}`)
  }

  function refusedBy(claimed: ClaimedEffect, envelope: Envelope, refusal: Refusal): void {
    if (isSendersFault(refusal)) {
      throw new ResultRefused(`${envelope.to} cannot take it: ${JSON.stringify(refusal)}`)
    }
    // The actor's own no: it knew better by the time that it was told.
    const fields = { effect: claimed.effect.id, to: envelope.to, code: refusal.code }
    log.info('effect.refused', { ...fields, correlationId: claimed.correlationId })
  }

  async function envelopesOf(
    claimed: ClaimedEffect,
    now: Instant,
  ): Promise<{ envelopes: readonly Envelope[]; outcome: JsonObject | null }> {
    if (claimed.effect.kind === 'tell')
      return { envelopes: [toldEnvelope(claimed, now)], outcome: null }
    const answer = await performerOf(claimed).perform(claimed, now)
    const { results, outcome } = 'results' in answer ? answer : { results: answer, outcome: null }
    return { envelopes: resultEnvelopes(claimed, now, results), outcome }
  }

  function performerOf({ effect: { kind, provider } }: ClaimedEffect): Performer {
    const performer = registered.get(keyOf(kind, provider ?? null))
    if (performer !== undefined) return performer
    throw new EffectUnknown(
      `no performer takes ${kind} of ${of(provider)}: register one, then retry`,
    )
  }

  return {
    perform,
    /**
     * Of an effect that its actor does not want any more: tells it what was done of it by the tries
     * before, or `effect.not_wanted` where nothing was. Never does anything of it.
     */
    async withdraw(claimed: ClaimedEffect, now: Instant): Promise<JsonObject> {
      const found = (await performerOf(claimed).lookUp?.(claimed, now)) ?? null
      const envelopes =
        found === null ? [notWanted(claimed, now)] : resultEnvelopes(claimed, now, found)
      const told = await tellAll(claimed, envelopes)
      return { outcome: found === null ? 'not_wanted' : 'found', told }
    },
    /**
     * Tells the actor that its effect was given up: `effect.parked`, under an id of this giving-up's
     * own, which is the same if it is told twice. A chart that does not take the event is not told.
     */
    async tellParked(claimed: ClaimedEffect, error: string, now: Instant): Promise<void> {
      const { id, kind } = claimed.effect
      const event = { type: 'effect.parked', effect: kind, id, error }
      const answer = await toldOrLater({
        ...resultEnvelope(claimed, now, { result: { event }, n: 0 }),
        id: parkedTellId(claimed),
      })
      if (answer.outcome === 'refused') {
        log.info('effect.parked_unheard', { effect: id, code: answer.refusal.code })
      }
    },
  }
}

type Taken = Exclude<TellOutcome, { outcome: 'parked' | 'busy' }>

/** What is given up again after a retry by hand is news. */
function parkedTellId({ effect, retried }: ClaimedEffect): string {
  return retried === undefined ? `${effect.id}!parked` : `${effect.id}!parked:${retried.times}`
}

/** What a receiver made of it, as it is kept. */
function toldEntry({ to }: Envelope, answer: Taken): JsonObject {
  if (answer.outcome === 'refused') return { to, outcome: 'refused', code: answer.refusal.code }
  return { to, outcome: answer.outcome, seq: answer.entry.seq }
}

/** By kind and provider, so that each effect has one performer and no order decides. Throws PerformerTwice. */
function registryOf(performers: readonly Performer[]): ReadonlyMap<string, Performer> {
  const found = new Map<string, Performer>()
  for (const performer of performers) {
    for (const kind of performer.kinds) {
      const key = keyOf(kind, performer.provider)
      if (found.has(key)) throw new PerformerTwice(`${kind} of ${of(performer.provider)}`)
      found.set(key, performer)
    }
  }
  return found
}

function keyOf(kind: string, provider: unknown): string {
  return JSON.stringify([kind, provider])
}

function of(provider: unknown): string {
  return typeof provider === 'string' ? provider : 'no provider'
}

/** It is performed, and its result waits for something of ours: nothing of the effect's. */
function notTold(message: string, cause?: unknown): RetryLater {
  return new RetryLater(message, { counts: false, begun: true, cause })
}

/** What one actor tells another: about the moment at which it decided to, whenever it arrives. */
function toldEnvelope(claimed: ClaimedEffect, now: Instant): Envelope {
  const { effect } = claimed
  const to = effect['to']
  const event = JsonObject.parse(effect['event'])
  const { type } = event
  if (!isActorRef(to) || typeof type !== 'string')
    throw new EffectUnknown('a tell without its event')
  return {
    id: effect.id,
    to,
    event: { ...event, type },
    source: 'actor',
    occurredAt: claimed.occurredAt,
    receivedAt: now,
    causationId: effect.id,
    correlationId: claimed.correlationId,
    principal: `actor:${claimed.actor}`,
  }
}

/** Under an id of its own: what was found of the same effect is told under those of its results. */
function notWanted(claimed: ClaimedEffect, now: Instant): Envelope {
  const { id, kind, ...asked } = claimed.effect
  const event = { type: 'effect.not_wanted', effect: kind, id, asked }
  const envelope = resultEnvelope(claimed, now, { result: { event }, n: 0 })
  return { ...envelope, id: `${id}!not_wanted` }
}

function resultEnvelopes(
  claimed: ClaimedEffect,
  now: Instant,
  results: readonly Result[],
): readonly Envelope[] {
  return results.map((result, index) => resultEnvelope(claimed, now, { result, n: index + 1 }))
}

function resultEnvelope(
  claimed: ClaimedEffect,
  now: Instant,
  { result, n }: { result: Result; n: number },
): Envelope {
  return {
    id: result.envelopeId ?? `${claimed.effect.id}:${n}`,
    to: result.to ?? claimed.actor,
    event: result.event,
    source: result.source ?? 'effect',
    occurredAt: result.occurredAt ?? now,
    receivedAt: now,
    causationId: claimed.effect.id,
    correlationId: claimed.correlationId,
    principal: result.principal ?? 'system',
  }
}
