import { deflateSync, inflateSync } from 'node:zlib'
import type { Envelope } from '../actors/journal/envelope.ts'
import { UnknownDictionary, UnreadableDocument } from './errors.ts'

// A long text of an event is kept packed, as a zlib stream (RFC 1950), beside the rest of its
// entry, which people can read as it is. A stream says which dictionary it was packed with and what
// its text sums up to, so that what was damaged is never taken for a text.

type Event = Envelope['event']

/** The one text of an event that is kept apart from it, and the member in whose place it stands. */
export interface PackedText {
  readonly member: string
  readonly bytes: Uint8Array
}

export interface TextPacker {
  /** Null where the event has no text that is long enough, or that gets shorter. */
  pack(event: Event): PackedText | null
  /** The event with its text. Throws UnreadableDocument and UnknownDictionary. */
  unpack(event: Event, packed: PackedText, what: () => string): Event
}

/** Shorter texts are read where they stand, and seldom get much shorter. */
export const packedFrom = 256

/** With a dictionary half the time of the highest level, for a twentieth more bytes. */
const level = 6

/**
 * Packs with the last of these dictionaries, each a text of up to 32 kB with what the texts repeat,
 * and reads what any of them packed: they are stored data, and never change.
 */
export function createPacker(dictionaries: readonly string[]): TextPacker {
  const known = dictionaries.map((text) => Buffer.from(text))
  const byNumber = new Map(known.map((dictionary) => [numberOf(dictionary), dictionary]))
  const newest = known.at(-1)

  function textIn(bytes: Uint8Array, what: () => string): string {
    const number = numberIn(bytes)
    const dictionary = number === null ? undefined : byNumber.get(number)
    if (number !== null && dictionary === undefined) throw new UnknownDictionary(what(), number)
    try {
      return inflateSync(bytes, withDictionary(dictionary)).toString('utf8')
    } catch (error) {
      throw new UnreadableDocument(what(), { cause: error })
    }
  }

  return {
    pack(event) {
      const [member, text] = longestIn(event)
      // UTF-8 has no half of a UTF-16 pair.
      if (text.length < packedFrom || /\p{Surrogate}/u.test(text)) return null
      const bytes = deflateSync(text, { level, ...withDictionary(newest) })
      return bytes.length < text.length ? { member, bytes } : null
    },
    unpack: (event, { member, bytes }, what) => ({ ...event, [member]: textIn(bytes, what) }),
  }
}

/** Of the event's own members, its name aside. */
function longestIn({ type: _type, ...members }: Event): readonly [member: string, text: string] {
  let longest: readonly [string, string] = ['', '']
  for (const [member, value] of Object.entries(members)) {
    if (typeof value === 'string' && value.length > longest[1].length) longest = [member, value]
  }
  return longest
}

function withDictionary(dictionary: Buffer | undefined) {
  return dictionary === undefined ? {} : { dictionary }
}

const checkedBy = 31
const namesDictionary = 0x20

/** The number of the dictionary that a stream was packed with; null for none, or for no stream. */
function numberIn(bytes: Uint8Array): number | null {
  const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (stream.length < 6 || stream.readUInt16BE(0) % checkedBy !== 0) return null
  return (stream.readUInt8(1) & namesDictionary) === 0 ? null : stream.readUInt32BE(2)
}

/** By which a stream names it: its Adler-32 sum, which zlib writes itself. */
function numberOf(dictionary: Buffer): number {
  return deflateSync('', { dictionary }).readUInt32BE(2)
}
