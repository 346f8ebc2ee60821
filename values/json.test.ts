import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical, plainObject, sameJson } from './json.ts'

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
