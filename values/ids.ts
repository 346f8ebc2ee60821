import { z } from 'zod'

/**
 * What an envelope can be addressed to: `type/id`, such as `subscription/sub_019…`. The id is ours
 * or, for what the provider created by itself, the provider's own (see `derivedRef` in
 * `providers/stripe/refs.ts`).
 */
export type ActorRef<Type extends string = string> = `${Type}/${string}`

const form = /^[a-z_]{1,32}\/[\w.:@*=+~-]{1,200}$/

export function isActorRef(value: unknown): value is ActorRef {
  return typeof value === 'string' && form.test(value)
}

export const ActorRef = z.custom<ActorRef>(isActorRef, {
  error: 'must be an actor such as subscription/sub_123',
})

/** The part before the slash. */
export function typeOf<Type extends string>(ref: ActorRef<Type>): Type
export function typeOf(ref: ActorRef): string {
  return ref.slice(0, ref.indexOf('/'))
}

/** The part after the slash. */
export function idOf(ref: ActorRef): string {
  return ref.slice(ref.indexOf('/') + 1)
}

/** An effect's id names the entry that asked for it: `<actor>#<seq>.<n>`. */
export type EffectId = `${ActorRef}#${number}.${number}`

export function effectId(actor: ActorRef, seq: number, n: number): EffectId {
  return `${actor}#${seq}.${n}`
}
