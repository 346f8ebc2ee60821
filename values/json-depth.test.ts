import { expect, test } from 'vitest'
import { nestingOf } from './json-depth.ts'

test.each`
  json                          | depth     | why
  ${'1'}                        | ${0}      | ${'a value alone'}
  ${'[]'}                       | ${1}      | ${'an empty array'}
  ${'{"a":[{"b":1}],"c":[]}'}   | ${3}      | ${'the deepest of several'}
  ${'["[[[[", "{{"]'}           | ${1}      | ${'brackets in strings are text'}
  ${String.raw`["\"[[", "\\"]`} | ${1}      | ${'a quote that is escaped ends no string'}
  ${'["[['}                     | ${1}      | ${'a string that never ends'}
  ${'['.repeat(60_000)}         | ${60_000} | ${'deeper than a stack'}
`('the depth of JSON is counted: $why', ({ json, depth }) => {
  expect(nestingOf(json)).toBe(depth)
})
