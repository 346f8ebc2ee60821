import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../actors/port-errors.ts'
import { createPacker, packedFrom } from './text-packer.ts'

const what = () => 'the entry event/one#1'
const older = 'Once upon a time there was a webhook. '
const newer = '{\n  "id": "evt_1",\n  "object": "event",\n  "livemode": false\n}'
const both = createPacker([older, newer])
const body = `${newer}, and that ${'happily '.repeat(40)}ever after`

function packed(text: string, packer = both) {
  const kept = packer.pack({ type: 'told', text })
  if (kept === null) throw new Error('it was to be packed')
  return kept
}

/** Also half UTF-16 pairs, byte order marks and NUL. */
const anyText = fc
  .array(
    fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x22, 0x0a, 0xfeff, 0xd83d)),
    {
      maxLength: 40,
    },
  )
  .chain((units) => fc.nat(40).map((times) => String.fromCharCode(...units).repeat(times)))

describe('a long text of an event', () => {
  test('P3 comes back to the last character, or stays where it is', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom([], [older], [older, newer]), (text, dictionaries) => {
        const packer = createPacker(dictionaries)
        const event = { type: 'told', before: 'a', text, after: [text] }
        const kept = packer.pack(event)
        if (kept === null) {
          const isLong = text.length >= packedFrom && !/\p{Surrogate}/u.test(text)
          expect(isLong && new Set(text).size < 3).toBe(false)
          return
        }
        expect(kept.bytes.length).toBeLessThan(text.length)
        const back = packer.unpack({ ...event, [kept.member]: '' }, kept, what)
        expect(JSON.stringify(back)).toBe(JSON.stringify(event))
      }),
    )
  })

  test.each`
    event                                        | member       | why
    ${{ type: 'told', a: body, b: `${body}!` }}  | ${'b'}       | ${'the longest'}
    ${{ type: 'told', $a: body }}                | ${'$a'}      | ${'whatever it is called'}
    ${{ type: 'told', a: body.slice(0, 255) }}   | ${undefined} | ${'short: people read it where it stands'}
    ${{ type: body }}                            | ${undefined} | ${'the name of the event'}
    ${{ type: 'told', a: [body], b: { body } }}  | ${undefined} | ${'inside something'}
    ${{ type: 'told', a: `${body}\uD83D` }}      | ${undefined} | ${'half a pair, which UTF-8 has not'}
    ${{ type: 'told', a: `${body}\u{1F642}\0` }} | ${'a'}       | ${'whole pairs and NUL'}
  `('is packed, or not: $why', ({ event, member }) => {
    expect(both.pack(event)?.member).toBe(member)
  })

  test('takes fewer bytes with a dictionary that has its like', () => {
    const bytesWith = (dictionaries: readonly string[]) =>
      packed(body, createPacker(dictionaries)).bytes.length
    expect(bytesWith([newer])).toBeLessThan(bytesWith([]) - 30)
    expect(bytesWith([older, newer])).toBe(bytesWith([newer]))
  })

  test('that an older release packed is read, with its dictionary and with none', () => {
    for (const dictionaries of [[], [older], [newer]]) {
      const kept = packed(body, createPacker(dictionaries))
      expect(both.unpack({ type: 'told', text: '' }, kept, what)['text']).toBe(body)
    }
  })

  test('that a newer release packed with a dictionary of its own is named as that', () => {
    const unpacking = () =>
      createPacker([older]).unpack({ type: 'told', text: '' }, packed(body), what)
    // As what waits for a newer process: it is tried again, and nothing is given up for it.
    expect(unpacking).toThrow(StoreUnavailable)
    expect(unpacking).toThrow(
      expect.objectContaining({
        code: 'dictionary_unknown',
        message: expect.stringMatching(
          /event\/one#1 .* [\da-f]{8}.* run the release that wrote it/,
        ),
      }),
    )
  })

  test('that was damaged is named, and never taken for another', () => {
    const { member, bytes } = packed(body)
    const read = (damaged: Uint8Array) =>
      both.unpack({ type: 'told', text: '' }, { member, bytes: damaged }, what)['text']
    const readOr = (reading: () => unknown): unknown => {
      try {
        return reading()
      } catch (error) {
        return error
      }
    }
    const named = expect.objectContaining({
      code: expect.stringMatching(/^(document_unreadable|dictionary_unknown)$/),
      message: expect.stringContaining('event/one#1'),
    })
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = bytes.map((byte, at) => (at === place ? byte ^ change : byte))
        // Where a text repeats itself, another reference may lead to the very same text.
        expect(readOr(() => read(damaged))).toSatisfy(
          (found: unknown) => found === body || named.asymmetricMatch(found),
        )
      }),
    )
    for (const end of [0, 1, 5, 6, 20, bytes.length - 1]) {
      expect(() => read(bytes.subarray(0, end))).toThrow(
        expect.objectContaining({ code: 'document_unreadable' }),
      )
    }
  })
})
