import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deltaOf, withDelta } from './delta.ts'
import { JsonObject } from './json.ts'

const json = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '', '__proto__', 'a.b', '$set'), fc.jsonValue(), {
    maxKeys: 5,
    noNullPrototype: true,
  })
  .map((value) => JsonObject.parse(JSON.parse(JSON.stringify(value))))

describe('a delta', () => {
  test.each([
    { why: 'equal', before: { a: 1 }, after: { a: 1 }, delta: {} },
    { why: 'new member', before: {}, after: { a: 1 }, delta: { set: { a: 1 } } },
    { why: 'member gone', before: { a: 1 }, after: {}, delta: { unset: [['a']] } },
    { why: 'became null', before: { a: 1 }, after: { a: null }, delta: { set: { a: null } } },
    { why: 'stays null', before: { a: null }, after: { a: null }, delta: {} },
    { why: 'members change places', before: { a: 1, b: 2 }, after: { b: 2, a: 1 }, delta: null },
    { why: 'a new member before old ones', before: { b: 2 }, after: { a: 1, b: 2 }, delta: null },
    {
      why: 'within a list, members change places',
      before: { l: [{ a: 1, b: 2 }] },
      after: { l: [{ b: 2, a: 1 }] },
      delta: { set: { l: [{ b: 2, a: 1 }] } },
    },
    { why: 'new null', before: {}, after: { a: null }, delta: { set: { a: null } } },
    {
      why: 'deep',
      before: { a: { b: 1, c: 2 }, d: 3 },
      after: { a: { b: 1, c: 4 }, d: 3 },
      delta: { set: { a: { c: 4 } } },
    },
    {
      why: 'deep and gone',
      before: { a: { b: 1, c: 2 } },
      after: { a: { b: 1 } },
      delta: { unset: [['a', 'c']] },
    },
    {
      why: 'an object in place of a value',
      before: { a: 1 },
      after: { a: { b: 1 } },
      delta: { set: { a: { b: 1 } } },
    },
    {
      why: 'a list is replaced',
      before: { a: [1, 2] },
      after: { a: [1] },
      delta: { set: { a: [1] } },
    },
    { why: 'emptied', before: { a: { b: 1 } }, after: { a: {} }, delta: { unset: [['a', 'b']] } },
  ])('$why', ({ before, after, delta }) => {
    expect(deltaOf(before, after)).toEqual(delta)
    if (delta) expect(withDelta(before, delta)).toEqual(after)
  })

  test('applied to what it was taken from gives what it was taken to, to the order of members, and alters nothing', () => {
    let reordered = 0
    fc.assert(
      fc.property(json, json, (before, after) => {
        const [kept, delta] = [JSON.stringify(before), deltaOf(before, after)]
        if (delta === null) reordered += 1
        else {
          const result = withDelta(before, JsonObject.parse(JSON.parse(JSON.stringify(delta))))
          expect(JSON.stringify(result)).toBe(JSON.stringify(after))
        }
        expect(JSON.stringify(before)).toBe(kept)
      }),
      { numRuns: 2_000 },
    )
    expect(reordered).toBeLessThan(2_000)
  })
})
