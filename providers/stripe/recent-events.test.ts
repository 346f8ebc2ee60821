import { expect, test } from 'vitest'
import type { Envelope } from '../../actors/journal/envelope.ts'
import { createRecentEvents } from './recent-events.ts'

const at = '2027-01-31T12:00:00.000Z'

function envelope(id: string, { body = '{}', quarantine = null as string | null } = {}): Envelope {
  const named = { provider: 'stripe', eventId: id, eventType: 'invoice.paid', apiVersion: null }
  return {
    id,
    to: `event/${id}`,
    event: { type: 'event.received', ...named, body, quarantine },
    source: 'provider',
    occurredAt: at,
    receivedAt: at,
    causationId: null,
    correlationId: 'c1',
    principal: 'provider:stripe',
  }
}

test('what was received is had once, without reading it again', () => {
  const recent = createRecentEvents()
  const json = { id: 'evt_1' }
  recent.remember(envelope('evt_1'), json)
  expect(recent.take('event/evt_1')).toEqual({ json, eventType: 'invoice.paid', apiVersion: null })
  expect(recent.take('event/evt_1')).toBeNull()
})

test('the memory is bounded: by their number, their length, and what will never be applied', () => {
  const recent = createRecentEvents(2)
  for (const id of ['evt_1', 'evt_2', 'evt_3']) recent.remember(envelope(id), { id })
  expect(recent.take('event/evt_1')).toBeNull()
  expect(recent.take('event/evt_3')).not.toBeNull()
  recent.remember(envelope('evt_4', { body: ' '.repeat(100_000) }), {})
  expect(recent.take('event/evt_4')).toBeNull()
  recent.remember(envelope('evt_5', { quarantine: 'another account' }), {})
  expect(recent.take('event/evt_5')).toBeNull()
})
