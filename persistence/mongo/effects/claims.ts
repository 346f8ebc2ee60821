import type { Document } from 'mongodb'
import type { Lane } from '../../../actors/delivery/lanes.ts'
import type { ClaimedEffect } from '../../../actors/ports.ts'
import type { ActorRef } from '../../../values/ids.ts'
import { type Instant, isInstant } from '../../../values/instant.ts'
import { UnreadableDocument } from '../../errors.ts'
import { groupBy } from '../../grouping.ts'
import { type ClaimHolder, claimed } from './delivery.ts'
import type { Collections, Delivery, JournalDocument, OpenEffect } from '../documents/documents.ts'
import { effectsOf } from '../documents/entries.ts'
import { restored } from '../documents/stored.ts'

// Which effects are due, and what claiming them changes. `deliveries.ts` writes it.

/** One change of one document's delivery. */
export interface Change {
  readonly _id: string
  readonly actor: ActorRef
  readonly before: Delivery
  readonly after: Delivery
}

export interface Claim {
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
  /** Undefined for any. */
  readonly lane: 'internal' | undefined
}

export const lanes = ['internal', 'external'] as const
export const dueField = {
  internal: 'delivery.internalDueAt',
  external: 'delivery.externalDueAt',
} as const

type ClaimableDocument = Pick<
  JournalDocument,
  '_id' | 'actor' | 'seq' | 'envelope' | 'effects' | 'delivery'
>

/** A document with the effects in it that are to be claimed. */
interface Candidate extends ClaimableDocument {
  readonly delivery: Delivery
  readonly chosen: readonly { readonly effect: OpenEffect; readonly rank: number }[]
}

/**
 * The first `limit` effects due. Each of them is in one of the first `limit` documents of its lane,
 * by what is due in that lane, because every document before its own holds one that is due before
 * it.
 */
export async function due(
  { journal }: Collections,
  { now, limit, lane }: Omit<Claim, 'leaseMs'>,
): Promise<Candidate[]> {
  const own = dueIn('internal', now, limit)
  const coll = journal.collectionName
  const any = [...own, { $unionWith: { coll, pipeline: dueIn('external', now, limit) } }]
  const found = await journal
    .aggregate<ClaimableDocument>(lane === 'internal' ? own : any, { batchSize: 2 * limit + 1 })
    .toArray()
  const documents = new Map(found.map((document) => [document._id, document]))
  const effects = [...documents.values()]
    .flatMap(({ _id, actor, seq, delivery }) =>
      (delivery?.open ?? []).map((effect) => ({ _id, actor, seq, effect })),
    )
    .filter(({ effect }) => effect.at <= now && (lane === undefined || effect.lane === lane))
    .sort((a, b) => compareDue(a, b))
    .slice(0, limit)
    .map((one, rank) => ({ ...one, rank }))
  return [...groupBy(effects, ({ _id }) => _id)].flatMap(([_id, chosen]) => {
    const document = documents.get(_id)
    return document?.delivery ? [{ ...document, delivery: document.delivery, chosen }] : []
  })
}

function dueIn(lane: Lane, now: Instant, limit: number): Document[] {
  const field = dueField[lane]
  return [
    { $match: { [field]: { $lte: now, $exists: true } } },
    { $sort: { [field]: 1, actor: 1, seq: 1 } },
    { $limit: limit },
    {
      $project: {
        actor: 1,
        seq: 1,
        'envelope.correlationId': 1,
        'envelope.occurredAt': 1,
        effects: 1,
        delivery: 1,
      },
    },
  ]
}

interface Due {
  readonly actor: ActorRef
  readonly seq: number
  readonly effect: OpenEffect
}

function compareDue(a: Due, b: Due): number {
  if (a.effect.at !== b.effect.at) return a.effect.at < b.effect.at ? -1 : 1
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1
  return a.seq - b.seq || a.effect.place - b.effect.place
}

/**
 * A claim that holds if its document was still as it was read; `rank` is its place in the order
 * due.
 */
interface ClaimCandidate {
  readonly change: Change
  readonly claims: readonly { readonly rank: number; readonly claim: ClaimedEffect }[]
}

export function pickOf(candidate: Candidate, lease: ClaimHolder): ClaimCandidate {
  const { _id, actor, seq, delivery, chosen } = candidate
  const { correlationId, occurredAt } = restored(candidate.envelope, () => `the entry ${_id}`)
  if (typeof correlationId !== 'string' || !isInstant(occurredAt)) {
    throw new UnreadableDocument(`the entry ${_id}`)
  }
  const effects = effectsOf(candidate)
  const claims = chosen.map(
    ({ rank, effect: { place, tries, attempt, firstTriedAt, retried } }) => {
      const effect = effects[place]
      if (effect === undefined) throw new UnreadableDocument(`the delivery of ${_id}`)
      const claim = {
        actor,
        seq,
        effect,
        correlationId,
        occurredAt,
        tries,
        attempt,
        firstTriedAt: firstTriedAt ?? lease.now,
        leaseEndsAt: lease.endsAt,
        ...(retried && { retried }),
      }
      return { rank, claim }
    },
  )
  const places = new Set(chosen.map(({ effect }) => effect.place))
  return {
    change: { _id, actor, before: delivery, after: claimed(delivery, places, lease) },
    claims,
  }
}
