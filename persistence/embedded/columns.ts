import { type ActorRef, isActorRef } from '../../values/ids.ts'
import { type Instant, instant } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import type { Row } from './driver.ts'

// Reads columns as what the schema says they are.

export function textIn(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new UnreadableDocument(`the column ${column}`)
  return value
}

export function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column)
}

export function integerIn(row: Row, column: string): number {
  const value = row[column]
  if (!Number.isSafeInteger(value)) throw new UnreadableDocument(`the column ${column}`)
  return Number(value)
}

/** In the column `ref`, or in `column`. */
export function actorIn(row: Row, column = 'ref'): ActorRef {
  const value = row[column]
  if (!isActorRef(value)) throw new UnreadableDocument(`the actor's name ${String(value)}`)
  return value
}

/** Stored as milliseconds since 1970. */
export function instantIn(row: Row, column: string): Instant {
  return instant(integerIn(row, column))
}

export function instantOrNullIn(row: Row, column: string): Instant | null {
  return row[column] === null ? null : instantIn(row, column)
}
