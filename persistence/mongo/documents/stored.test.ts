import { expect, test } from 'vitest'
import type { JsonObject } from '../../../values/json.ts'
import { restored, restoredText, stored, storedText } from './stored.ts'

const what = () => 'the document'

test.each<[JsonObject, JsonObject, string]>([
  [{ a: { b: [1, 'x', null] } }, { a: { b: [1, 'x', null] } }, 'stands as it is'],
  [{ $set: 1, a$b: 2 }, { '%24set': 1, a$b: 2 }, 'a dollar is an operator only at the beginning'],
  [{ 'a.b': { 'c.d.e': 1 } }, { 'a%2Eb': { 'c%2Ed%2Ee': 1 } }, 'a dot is a path'],
  [{ '': 1 }, { '%': 1 }, 'no path leads to an empty key'],
  [{ _bsontype: 'x', _id: 1 }, { '%5Fbsontype': 'x', _id: 1 }, 'the driver takes it for its own'],
  [{ 'a\0b': 1 }, { 'a%00b': 1 }, 'a key ends at NUL'],
  [{ '%24set': 1, '%': 2 }, { '%2524set': 1, '%25': 2 }, 'what looks escaped is not'],
  [{ '\uD800': 1 }, { '%uD800': 1 }, 'half a pair is no UTF-8'],
  [{ a: ['\uDC00 x'] }, { a: [{ '%json': '"\\udc00 x"' }] }, 'nor is it in a text'],
  [{ a: 'a\0b 🙂 %' }, { a: 'a\0b 🙂 %' }, 'all other texts stand as they are'],
  [{ '%json': 'x' }, { '%25json': 'x' }, 'a key that looks like ours is not'],
])('%j is stored as %j: %s', (value, form) => {
  expect(stored(value)).toStrictEqual(form)
  expect(restored(form, what)).toStrictEqual(value)
})

test('a member called __proto__ is one like any other', () => {
  const value: JsonObject = Object.fromEntries([['__proto__', { a: 1 }]])
  const form = stored(value)
  expect(Object.keys(form)).toStrictEqual(['%5F_proto__'])
  const again = restored(form, what)
  expect(Object.keys(again)).toStrictEqual(['__proto__'])
  expect(JSON.stringify(again)).toBe(JSON.stringify(value))
})

test('what is nested deeper than MongoDB takes stands as text', () => {
  let deep: JsonObject = {}
  for (let n = 0; n < 500; n += 1) deep = { in: [deep] }
  const form = stored(deep)
  expect(depthOf(form)).toBeLessThan(90)
  expect(restored(form, what)).toStrictEqual(deep)
})

test('a text alone is stored as it is where it can be', () => {
  for (const text of ['', 'plain', '$x', 'a\0b']) expect(storedText(text)).toBe(text)
  expect(restoredText(storedText('\uD800'), what)).toBe('\uD800')
})

test.each([null, 1, 'x', [], undefined, { '%24a': 1n }, { a: { '%json': '{' } }])(
  'what is no JSON document is named: %s',
  (value) => {
    expect(() => restored(value, what)).toThrow(/the document/)
  },
)

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
