import { z } from '@hono/zod-openapi'
import type { Entry } from '../../actors/journal/journal.ts'
import type { EffectStanding } from '../../actors/ports.ts'
import { valueOf } from '../../actors/decision/read-snapshot.ts'
import type { PossibleTransition } from '../../actors/decision/transitions.ts'
import { idOf, typeOf } from '../../values/ids.ts'
import { stateText } from '../../values/json.ts'
import { AnyObject, WireInstant } from './wire.ts'

const WireTimer = z.object({
  name: z.string(),
  due_at: WireInstant,
  set_by: z.string().openapi({ description: 'The entry that armed it.' }),
})

const WireTransition = z
  .object({
    event: z.string(),
    from: z.string().openapi({ description: 'The state that takes it.' }),
    to: z.array(z.string()).openapi({ description: 'Empty if it stays where it is.' }),
    description: z.string().nullable(),
    guard: z.string().nullable(),
    holds: z.boolean().nullable().openapi({
      description: 'Whether the guard holds now; null if that depends on the fields of the event.',
    }),
    refuses: z.string().nullable().openapi({ description: 'The code of the no that it leads to.' }),
    sendable: z.boolean().openapi({ description: 'True for what an operator may send.' }),
  })
  .openapi('PossibleTransition')

export const WireActor = z
  .object({
    object: z.literal('actor'),
    actor: z.string().openapi({ example: 'account/acct_019e8a3c' }),
    type: z.string(),
    id: z.string(),
    seq: z.int().openapi({ description: 'The journal entry that this is the state after.' }),
    chart_version: z.int(),
    state: z.string(),
    value: z.unknown().openapi({ description: "XState's state value." }),
    context: AnyObject,
    timers: z.array(WireTimer),
    transitions: z.array(WireTransition),
    committed_at: WireInstant,
  })
  .openapi('Actor')

export const WireEntry = z
  .object({
    object: z.literal('entry'),
    actor: z.string(),
    seq: z.int(),
    event: AnyObject,
    source: z.string(),
    principal: z.string().openapi({ description: 'Who did it.' }),
    envelope_id: z.string(),
    occurred_at: WireInstant,
    received_at: WireInstant,
    committed_at: WireInstant,
    causation_id: z.string().nullable(),
    correlation_id: z.string(),
    changed: z.boolean().openapi({ description: 'False if it was recorded and changed nothing.' }),
    state: z.string().openapi({ description: 'The state after it.' }),
    effects: z.array(AnyObject).openapi({ description: 'What the chart asked for.' }),
  })
  .openapi('JournalEntry')

/** Who had an effect tried again by hand. */
export const WireRetried = z
  .object({ times: z.int(), at: WireInstant, by: z.string() })
  .nullable()
  .openapi('RetriedByHand', {
    description:
      'How often an effect that was given up was tried again by hand, when last, and who asked; ' +
      'null if it never was, and once it is done.',
  })

const WireOutcome = z
  .object({
    id: z.string(),
    kind: z.string(),
    standing: z.enum(['open', 'parked', 'done']),
    result: AnyObject.nullable().openapi({
      description:
        'What became of it, where it said: of a webhook, `applied` or `ignored`, and what each ' +
        'actor made of it.',
    }),
    last_error: z.string().nullable().openapi({ description: 'Why its last try failed.' }),
    due_at: WireInstant.nullable().openapi({ description: 'When an open one is tried next.' }),
    retried: WireRetried,
  })
  .openapi('EffectOutcome')

export const WirePastEntry = WireEntry.extend({
  after: WireActor,
  outcomes: z.array(WireOutcome).openapi({ description: 'How its effects stand now.' }),
}).openapi('JournalEntryWithState')

/** How the effects of an entry stand, with what they are. */
export function presentOutcomes(
  { effects }: Entry,
  standings: readonly EffectStanding[],
): z.infer<typeof WireOutcome>[] {
  const kinds = new Map<string, string>(effects.map(({ id, kind }) => [id, kind]))
  return standings.map(({ id, standing, result, lastError, dueAt, retried = null }) => ({
    id,
    kind: kinds.get(id) ?? 'unknown',
    standing,
    result,
    last_error: lastError,
    due_at: dueAt,
    retried,
  }))
}

/** What an actor is after an entry, and what could happen to it then. */
export function presentActor(
  entry: Entry,
  transitions: readonly PossibleTransition[],
  sendable: ReadonlySet<string>,
): z.infer<typeof WireActor> {
  const { snapshot } = entry
  const value = valueOf(entry)
  return {
    object: 'actor',
    actor: entry.actor,
    type: typeOf(entry.actor),
    id: idOf(entry.actor),
    seq: entry.seq,
    chart_version: snapshot.version,
    state: stateText(value),
    value,
    context: AnyObject.parse(snapshot.state['context']),
    timers: snapshot.timers.map(({ name, dueAt, instance }) => ({
      name,
      due_at: dueAt,
      set_by: instance,
    })),
    transitions: transitions.map((one) => ({
      ...one,
      to: [...one.to],
      sendable: sendable.has(one.event),
    })),
    committed_at: entry.committedAt,
  }
}

export function presentEntry(entry: Entry): z.infer<typeof WireEntry> {
  const { envelope } = entry
  return {
    object: 'entry',
    actor: entry.actor,
    seq: entry.seq,
    event: envelope.event,
    source: envelope.source,
    principal: envelope.principal,
    envelope_id: envelope.id,
    occurred_at: envelope.occurredAt,
    received_at: envelope.receivedAt,
    committed_at: entry.committedAt,
    causation_id: envelope.causationId,
    correlation_id: envelope.correlationId,
    changed: entry.changed,
    state: stateText(valueOf(entry)),
    effects: [...entry.effects],
  }
}
