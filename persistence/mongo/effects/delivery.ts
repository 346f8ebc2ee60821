import type { Entry } from '../../../actors/journal/journal.ts'
import type { Retries } from '../../../actors/delivery/retries.ts'
import { type Lane, laneOf } from '../../../actors/delivery/lanes.ts'
import type { Settlement } from '../../../actors/ports.ts'
import type { EffectId } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import type { JsonObject } from '../../../values/json.ts'
import type { Delivery, OpenEffect, ParkedEffect, EffectTries } from '../documents/documents.ts'
import { earliest } from '../documents/earliest.ts'
import { stored } from '../documents/stored.ts'

// What becomes of an entry's effects, as pure steps from one `Delivery` to the next. A step that
// changes nothing returns what it was given.

/** All effects of a new entry, due at once; undefined if it has none. */
export function newDelivery({ effects, committedAt }: Entry): Delivery | undefined {
  if (effects.length === 0) return undefined
  const open = effects.map((effect, place): OpenEffect => ({
    id: effect.id,
    place,
    lane: laneOf(effect),
    at: committedAt,
    tries: 0,
    attempt: 1,
    firstTriedAt: null,
    holder: null,
    lastError: null,
  }))
  return withDueAt({ rev: 'new', open, parked: [] })
}

/** Brings `internalDueAt` and `externalDueAt` in line with the open effects. */
export function withDueAt({ rev, open, parked, results }: Delivery): Delivery {
  const internalDueAt = dueAtIn(open, 'internal')
  const externalDueAt = dueAtIn(open, 'external')
  return {
    rev,
    ...(internalDueAt !== null && { internalDueAt }),
    ...(externalDueAt !== null && { externalDueAt }),
    open,
    parked,
    ...(results !== undefined && { results }),
  }
}

function dueAtIn(open: readonly OpenEffect[], lane: Lane): Instant | null {
  return earliest(open.filter((effect) => effect.lane === lane).map(({ at }) => at))
}

/** The right to perform effects, and whose it is. */
export interface ClaimHolder {
  readonly holder: string
  readonly now: Instant
  readonly endsAt: Instant
}

/** Claims the open effects of these places; null for all. */
export function claimed(
  delivery: Delivery,
  places: ReadonlySet<number> | null,
  { holder, now, endsAt }: ClaimHolder,
): Delivery {
  const open = delivery.open.map((effect) =>
    places === null || places.has(effect.place)
      ? {
          ...effect,
          at: endsAt,
          tries: effect.tries + 1,
          firstTriedAt: effect.firstTriedAt ?? now,
          holder,
        }
      : effect,
  )
  return withDueAt({ ...delivery, open })
}

/** Makes due at `now` what is due after `farthest`: a clock was wrong that wrote it. */
export function broughtForward(delivery: Delivery, now: Instant, farthest: Instant): Delivery {
  if (delivery.open.every(({ at }) => at <= farthest)) return delivery
  const open = delivery.open.map((effect) => {
    if (effect.at <= farthest) return effect
    const { firstTriedAt } = effect
    const tried = firstTriedAt !== null && firstTriedAt > now ? now : firstTriedAt
    return { ...effect, at: now, holder: null, firstTriedAt: tried }
  })
  return withDueAt({ ...delivery, open })
}

/**
 * Settles one effect for `holder`. Done holds whoever says it; a retry or a parking of a claim that
 * another store has taken since changes nothing, because that claim is live.
 */
export function settled(
  delivery: Delivery,
  settlement: Settlement,
  { holder, order }: { readonly holder: string; readonly order: number },
): Delivery {
  const { id } = settlement
  if (settlement.outcome === 'done') return done(delivery, id, settlement.result)
  const effect = delivery.open.find((one) => one.id === id)
  if (effect === undefined || (effect.holder !== null && effect.holder !== holder)) return delivery
  if (settlement.outcome === 'parked') {
    return parked(delivery, { id, at: settlement.at, error: settlement.error, order })
  }
  const { at, tries, attempt, firstTriedAt, error } = settlement
  const retried = { ...effect, at, tries, attempt, firstTriedAt, holder: null, lastError: error }
  return withDueAt({
    ...delivery,
    open: delivery.open.map((one) => (one.id === id ? retried : one)),
  })
}

function done(delivery: Delivery, id: EffectId, result: JsonObject | undefined): Delivery {
  const left = without(delivery, id)
  if (left === delivery || result === undefined) return left
  return { ...left, results: [...(left.results ?? []), { id, result: stored(result) }] }
}

function without(delivery: Delivery, id: EffectId): Delivery {
  const open = delivery.open.filter((one) => one.id !== id)
  const parkedLeft = delivery.parked.filter((one) => one.id !== id)
  const gone = delivery.open.length + delivery.parked.length - open.length - parkedLeft.length
  return gone === 0 ? delivery : withDueAt({ ...delivery, open, parked: parkedLeft })
}

export interface ParkInput {
  readonly id: EffectId
  readonly at: Instant
  readonly error: string
  /** Its place if it is not parked yet. */
  readonly order: number
}

/** Parks an open effect, or says again why one is parked, which keeps its place. */
export function parked(delivery: Delivery, { id, at, error, order }: ParkInput): Delivery {
  const known = delivery.parked.find((one) => one.id === id)
  const effect: EffectTries | undefined = known ?? delivery.open.find((one) => one.id === id)
  if (effect === undefined) return delivery
  const { place, lane, tries, attempt, firstTriedAt, retried } = effect
  const item: ParkedEffect = {
    id,
    place,
    lane,
    tries,
    attempt,
    firstTriedAt,
    error,
    parkedAt: at,
    order: known?.order ?? order,
    ...(retried && { retried }),
  }
  const left = without(delivery, id)
  return { ...left, parked: [...left.parked, item] }
}

/** Makes a parked effect claimable at `at`, with its tries at 1: it may have been done. */
export function unparked(
  delivery: Delivery,
  id: EffectId,
  { at, by }: Pick<Retries, 'at' | 'by'>,
): Delivery {
  const item = delivery.parked.find((one) => one.id === id)
  if (item === undefined) return delivery
  const { place, lane, attempt, firstTriedAt, error, retried } = item
  const effect: OpenEffect = {
    id,
    place,
    lane,
    at,
    tries: 1,
    attempt,
    firstTriedAt,
    holder: null,
    lastError: error,
    retried: { times: (retried?.times ?? 0) + 1, at, by },
  }
  const left = without(delivery, id)
  return withDueAt({ ...left, open: [...left.open, effect] })
}
