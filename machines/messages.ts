import type { ActorRef } from '../values/ids.ts'
import type { AccountEvent } from './account/events.ts'
import type { DunningEvent } from './dunning/events.ts'
import type { EffectRequest } from './effects.ts'
import type { InvoiceEvent } from './invoice/events.ts'
import type { PaymentEvent } from './payment/events.ts'
import type { ReconciliationEvent } from './reconciliation/events.ts'
import type { SubscriptionEvent } from './subscription/events.ts'
import type { EventEvent } from './webhook/events.ts'

/** What each type of actor may be told: the one place where a reference and its events meet. */
export interface EventsOf {
  account: AccountEvent
  subscription: SubscriptionEvent
  invoice: InvoiceEvent
  payment: PaymentEvent
  dunning: DunningEvent
  event: EventEvent
  reconciliation: ReconciliationEvent
}
export type ActorType = keyof EventsOf

/** What the runtime adds to what one actor tells another. */
type RuntimeField = 'version' | 'again'

/** Distributes over a union, so that each member keeps its own fields. */
type Without<Event, Fields extends PropertyKey> = Event extends unknown
  ? Omit<Event, Fields>
  : never

/** Of each type of actor, what a sender says; `Fields` are added by others. */
export type MessageTo<Type extends ActorType, Fields extends PropertyKey = never> = {
  [Each in Type]: Without<EventsOf[Each], RuntimeField | Fields>
}[Type]

/** Any message to anybody. */
export type AnyMessage = MessageTo<ActorType>

type EventNamed<Event, Name> = Extract<Event, { type: Name }>

/** A field that nobody reads is misspelt, or does nothing: both are mistakes. */
type Exact<Event, Given> = Given & Record<Exclude<keyof Given, keyof Event>, never>

/** What is given, if it is a message to actors of this type; else what it should be. */
export type Message<
  Type extends ActorType,
  Given extends { type: string },
  Fields extends PropertyKey = never,
> = Given &
  EventNamed<MessageTo<Type, Fields>, Given['type']> &
  Exact<EventNamed<MessageTo<Type, Fields>, Given['type']>, Given>

/** One actor tells another; the runtime adds the sender's seq as `version`. */
export function tell<Type extends ActorType, const Given extends { type: EventsOf[Type]['type'] }>(
  to: ActorRef<Type>,
  event: Message<Type, Given>,
): EffectRequest {
  return { kind: 'tell', to, event }
}

/** What an actor says of itself to another one; the runtime tells it where it changed. */
export interface Summary {
  readonly to: ActorRef
  readonly event: { readonly type: string }
  /** False where it is told only to say that what was told before is over. */
  readonly matters: boolean
}

/** The summary of an actor for one receiver. */
export function summary<
  Type extends ActorType,
  const Given extends { type: EventsOf[Type]['type'] },
>(to: ActorRef<Type>, event: Message<Type, Given>, matters: boolean): Summary {
  return { to, event, matters }
}
