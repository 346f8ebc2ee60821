import { type ActorRef, type EffectId, isActorRef } from '../../values/ids.ts'
import { type Instant, isInstant } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import { isEffectId } from '../stored-json.ts'
import type { Row } from './driver.ts'

// Reads columns as what the schema says they are.

export function textIn(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new UnreadableDocument(`the column ${column}`)
  return value
}

export function integerIn(row: Row, column: string): number {
  const value = row[column]
  if (!Number.isSafeInteger(value)) throw new UnreadableDocument(`the column ${column}`)
  return Number(value)
}

export function actorIn(row: Row): ActorRef {
  const value = row['actor']
  if (!isActorRef(value)) throw new UnreadableDocument(`the actor's name ${String(value)}`)
  return value
}

export function instantIn(row: Row, column: string): Instant {
  const value = row[column]
  if (!isInstant(value)) throw new UnreadableDocument(`the time in column ${column}`)
  return value
}

export function instantOrNullIn(row: Row, column: string): Instant | null {
  return row[column] === null ? null : instantIn(row, column)
}

export function effectIdIn(row: Row): EffectId {
  const value = row['id']
  if (!isEffectId(value)) throw new UnreadableDocument(`the effect's id ${String(value)}`)
  return value
}
