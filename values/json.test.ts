import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical, NotPlain, plain, plainObject, sameJson } from './json.ts'

test('two values are the same JSON if their text with sorted keys is', () => {
  const near = fc
    .tuple(fc.jsonValue(), fc.jsonValue(), fc.boolean())
    .map(([one, other, isCopy]): [unknown, unknown] => [
      one,
      isCopy ? JSON.parse(canonical(one)) : other,
    ])
  fc.assert(
    fc.property(near, ([one, other]) => {
      const [a, b]: unknown[] = [one, other].map((value) => JSON.parse(JSON.stringify(value)))
      expect(sameJson(a, b)).toBe(canonical(a) === canonical(b))
    }),
  )
})

test('a copy has every member that JSON has, whatever it is called', () => {
  const value: unknown = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "b": null}')
  expect(JSON.stringify(plainObject(Object(value)))).toBe(JSON.stringify(value))
})

test.each`
  one              | other            | same     | why
  ${{ a: 1 }}      | ${{ a: 1 }}      | ${true}  | ${'equal'}
  ${{ a: 1 }}      | ${{ b: 1 }}      | ${false} | ${'another member'}
  ${{ a: 1 }}      | ${{}}            | ${false} | ${'a member less'}
  ${{}}            | ${{ a: null }}   | ${false} | ${'null is a value'}
  ${{ a: [1, 2] }} | ${{ a: [2, 1] }} | ${false} | ${'the order of a list matters'}
  ${[]}            | ${{}}            | ${false} | ${'a list is no object'}
`(
  '$one and $other: $why',
  ({ one, other, same }: { one: unknown; other: unknown; same: boolean }) => {
    expect(sameJson(one, other)).toBe(same)
  },
)

/** What `canonical` says, and is far slower at: ids were made of its text, and must not change. */
function canonicalBySorting(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', '10', '9', 'b', 'a', 'toJSON', 'é'))
const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.jsonValue({ maxDepth: 0 }),
    fc.constant(undefined),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value

test('canonical text is JSON with sorted keys, whatever the keys are called', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      expect(canonical(value)).toBe(canonicalBySorting(value))
    }),
  )
  expect(canonical({ b: new Date(0), a: 1 })).toBe('{"a":1,"b":"1970-01-01T00:00:00.000Z"}')
})

test('a copy is equal as JSON, in the same order, and shares nothing', () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true }), (value) => {
      const copy = plainObject(value)
      expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
      expect(copy).not.toBe(value)
    }),
  )
  expect(plainObject({ a: undefined, b: 1 })).toStrictEqual({ b: 1 })
})

test.each`
  value                        | message
  ${{ a: { b: new Date(0) } }} | ${'$.a.b is not a plain object; only JSON can be kept'}
  ${{ a: [1, Number.NaN] }}    | ${'$.a[1] is NaN; JSON has finite numbers only'}
  ${{ a: [{ b: () => 1 }] }}   | ${'$.a[0].b is a function, not JSON'}
  ${{ a: [undefined] }}        | ${'$.a[0] is a undefined, not JSON'}
  ${new Map()}                 | ${'$ is not a plain object; only JSON can be kept'}
`('what JSON would change in silence is named: $message', ({ value, message }) => {
  expect(() => plain(value)).toThrow(new NotPlain(message))
})

test('a copy shares what is known at the same place, and nothing else', () => {
  const known = { list: [{ n: 1 }, { n: 2 }], kept: { deep: { n: 1 } }, other: { n: 1 } }
  const changed = {
    ...known,
    list: [known.list[1], { n: 2 }],
    kept: { ...known.kept, more: known.other },
    other: { n: 2 },
  }
  const copy = plainObject(changed, known)
  expect(copy).toEqual(changed)
  const members = (value: unknown) => Object.values(Object(value))
  expect(members(copy['kept'])[0]).toBe(known.kept.deep)
  expect(members(copy['kept'])[1]).not.toBe(known.other)
  expect(members(copy['list'])[0]).not.toBe(known.list[1])
  expect(copy['other']).not.toBe(changed.other)
  expect(plainObject(known, known)).toBe(known)
})
