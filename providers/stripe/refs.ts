import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ActorRef } from '../../values/ids.ts'

export type TargetType = 'account' | 'subscription' | 'invoice' | 'payment'

/**
 * Whom an observation concerns, before it is known which actor that is: by our id, where the
 * object's metadata tells it, or by the provider's id of the customer, subscription, invoice or
 * payment.
 */
export type Target<Type extends TargetType = TargetType> =
  | { readonly type: Type; readonly ours: string; readonly theirs: string | null }
  | { readonly type: Type; readonly ours: null; readonly theirs: string }

const plain = /^[\w.:@*=+~-]{1,200}$/

/**
 * The id itself where an actor ref can hold it; else its readable part, with a digest that tells it
 * apart.
 */
export function safeId(id: string): string {
  if (plain.test(id)) return id
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 16)
  return `${id.slice(0, 160).replaceAll(/[^\w.:@*=+~-]/gu, '=')}~${digest}`
}

/** The actor of an object that the provider made by itself: the provider's id is its id. */
export function derivedRef<Type extends TargetType>(type: Type, theirs: string): ActorRef<Type> {
  return `${type}/${safeId(theirs)}`
}

/**
 * The actor of a target, where that its id is not ours is enough to know it: of payments and
 * invoices.
 */
export function plainRef<Type extends TargetType>({
  type,
  ours,
  theirs,
}: Target<Type>): ActorRef<Type> {
  return ours === null ? derivedRef(type, theirs) : `${type}/${safeId(ours)}`
}

/**
 * The metadata that Tenure writes on what it creates. Values are strings, as all of Stripe's
 * metadata.
 */
export const metadataKeys = {
  account: 'tenure_account',
  subscription: 'tenure_subscription',
  invoice: 'tenure_invoice',
  attempt: 'tenure_attempt',
} as const

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => (value === undefined || value === '' ? null : value))

/**
 * What an object's metadata says of ours. Whatever else is there, or is no metadata at all, is
 * null.
 */
export const OurMetadata = z
  .object({
    tenure_account: text,
    tenure_subscription: text,
    tenure_invoice: text,
    tenure_attempt: text.transform((value) =>
      value !== null && /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null,
    ),
  })
  .nullish()
  .catch(null)
  .transform((known) => ({
    account: known?.tenure_account ?? null,
    subscription: known?.tenure_subscription ?? null,
    invoice: known?.tenure_invoice ?? null,
    attempt: known?.tenure_attempt ?? null,
  }))
export type OurMetadata = z.infer<typeof OurMetadata>

/** Null if neither id is known. */
export function targetOf<Type extends TargetType>(
  type: Type,
  { ours, theirs }: { ours: string | null; theirs: string | null },
): Target<Type> | null {
  if (ours !== null) return { type, ours, theirs }
  return theirs === null ? null : { type, ours: null, theirs }
}
