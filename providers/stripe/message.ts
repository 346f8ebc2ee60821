import type { Catalog } from '../../machines/catalog/catalog.ts'
import type { EventsOf, Message as MessageShape } from '../../machines/messages.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Target, TargetType } from './refs.ts'

/** An observation in our terms, and the actor that it concerns. */
export interface Message {
  readonly target: Target
  /** An event of its actor (`machines/<noun>/events.ts`), but for the fields of `refs`. */
  readonly event: JsonObject & { readonly type: string }
  /** Fields of the event that name other actors: `resolve` turns each into a ref. */
  readonly refs: Readonly<Partial<Record<'account' | 'subscription' | 'invoice', Target | null>>>
  /** The provider's time, in whole seconds. */
  readonly occurredAt: Instant
  /** Where it is news to some only: see `news.ts`. */
  readonly newsTo?: 'all' | 'unlinked' | 'nobody' | undefined
}

const provider = 'stripe'

type RefField = keyof Message['refs']
type Refs = { readonly [Field in RefField]?: Target<Field> | null }

/** A message that its actor knows: every field stands in the event, or is named in `refs`. */
export function message<
  Type extends TargetType,
  const Given extends JsonObject & { type: EventsOf[Type]['type'] },
  Named extends Refs,
>(said: {
  readonly target: Target<Type>
  readonly event: MessageShape<Type, Given, keyof Named | 'provider'>
  readonly refs: Named
  readonly occurredAt: Instant
  readonly newsTo?: Message['newsTo']
}): Message {
  return { ...said, event: { ...said.event, provider } }
}

/** How an object came to us, which goes into what is said of it. */
export interface Sight {
  readonly at: Instant
  /** Null for a webhook; for a fresh read, the seq of the entry that asked. */
  readonly read: number | null
  readonly deleted: boolean
  /** `data.previous_attributes` of an update; null otherwise. */
  readonly previous: unknown
  /** Of a read, who asked: told even where the object names nobody any more. Null for a webhook. */
  readonly asker: Target | null
  readonly catalog: Catalog
}

export type Reading =
  | { readonly outcome: 'applied'; readonly messages: readonly Message[] }
  | { readonly outcome: 'ignored'; readonly why: string }

export function applied(...messages: readonly Message[]): Reading {
  return { outcome: 'applied', messages }
}

export function ignored(why: string): Reading {
  return { outcome: 'ignored', why }
}
