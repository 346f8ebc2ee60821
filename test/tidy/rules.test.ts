import { describe, expect, test } from 'vitest'
import {
  dialectIn,
  exportsOf,
  folderSizes,
  importedByTestsAlone,
  isTest,
  longFunctions,
  participleTypes,
  realWaits,
  wideLines,
} from './rules.ts'

// Every rule is shown a text that breaks it, and one that nearly does.

const source = (text: string, file = 'a/b.ts') => ({ file, text })
const lines = (count: number, text: string) => Array.from({ length: count }, () => text).join('\n')

describe('the length of a function', () => {
  const body = (count: number) => lines(count, '  work()')

  test.each`
    head                                                   | why
    ${'function f() {'}                                    | ${'a function'}
    ${'export async function f(a: A): Promise<void> {'}    | ${'an exported one'}
    ${'const f = async (a: A) => {'}                       | ${'an arrow'}
    ${'function f({\n  a,\n  b,\n}: Options): void {'}     | ${'parameters on lines of their own'}
    ${'export function f(\n  a: A,\n  b: B,\n): Result {'} | ${'the same without a pattern'}
  `('is counted of $why', ({ head }: { head: string }) => {
    const rest = head.split('\n').length + 1
    expect(longFunctions(source(`${head}\n${body(10 - rest)}\n}`), 10)).toEqual([])
    expect(longFunctions(source(`${head}\n${body(11 - rest)}\n}`), 10)).toEqual(['a/b.ts: f'])
  })

  test('leaves out the functions inside', () => {
    const inner = `  function inner() {\n${lines(8, '    work()')}\n  }`
    const outer = `function outer() {\n${inner}\n${inner}\n${body(8)}\n}`
    expect(longFunctions(source(outer), 10)).toEqual([])
    expect(longFunctions(source(`function outer() {\n${inner}\n${body(9)}\n}`), 10)).toEqual([
      'a/b.ts: outer',
    ])
  })

  test('is not counted of a call, a loop or a list', () => {
    const call = `describe('x', [\n${lines(20, '  1,')}\n])`
    const loop = `for (const a of all) {\n${body(20)}\n}`
    expect(longFunctions(source(`${call}\n${loop}`), 10)).toEqual([])
  })
})

describe('the width of a line', () => {
  test.each`
    line                               | isWide   | why
    ${`// ${'x'.repeat(98)}`}          | ${true}  | ${'a comment can be broken'}
    ${` * ${'x'.repeat(97)}`}          | ${false} | ${'it has 100 columns'}
    ${`const a = ${'x'.repeat(99)}`}   | ${true}  | ${'so can code'}
    ${`const a = '${'x'.repeat(99)}'`} | ${false} | ${'a text cannot'}
  `('is too much: $isWide, as $why', ({ line, isWide }: { line: string; isWide: boolean }) => {
    expect(wideLines(source(`\n${line}`), 100)).toEqual(isWide ? ['a/b.ts:2'] : [])
  })
})

test('values count as exports, and types do not', () => {
  const text = ['const a = 1', 'async function b() {', 'class C {', 'interface D {', 'type E = 1']
  expect(exportsOf(source(text.map((line) => `export ${line}`).join('\n')))).toBe(3)
})

test('a folder’s size is its own code’s, without tests and what stands deeper', () => {
  const sizes = folderSizes([
    'a/x.ts',
    'a/y.tsx',
    'a/x.test.ts',
    'a/x-fixture.ts',
    'a/b/z.ts',
    'a/c.md',
  ])
  expect([...sizes]).toEqual([
    ['a', 2],
    ['a/b', 1],
  ])
})

test('what tests alone import is found, and what begins a program is not', () => {
  const sources = [
    source("import { b } from './b.ts'", 'a/main.ts'),
    source('export const b = 1', 'a/b.ts'),
    source('export const c = 1', 'a/c.ts'),
    source("import { c } from '../a/c.ts'", 'test/c.test.ts'),
  ]
  expect(importedByTestsAlone(sources, (file) => file === 'a/main.ts')).toEqual(['a/c.ts'])
})

test.each`
  file                   | is
  ${'a/b.test.ts'}       | ${true}
  ${'a/b-fixture.tsx'}   | ${true}
  ${'test/harness/x.ts'} | ${true}
  ${'a/test/b.ts'}       | ${false}
  ${'a/tested.ts'}       | ${false}
`('$file is of the tests: $is', ({ file, is }: { file: string; is: boolean }) => {
  expect(isTest(file)).toBe(is)
})

describe('a wait for the computer’s time', () => {
  test.each([
    'await new Promise((resolve) => setTimeout(resolve, 5))',
    "import { setTimeout } from 'node:timers/promises'",
    'await expect.poll(() => count).toBe(1)',
    'await vi.waitFor(() => count === 1)',
    'fetch(url, { signal: AbortSignal.timeout(5) })',
  ])('is found in %s', (text) => {
    expect(realWaits(source(text))).toEqual(['a/b.ts'])
  })

  test('is not a turn of the event loop', () => {
    expect(realWaits(source("import { setImmediate } from 'node:timers/promises'"))).toEqual([])
  })
})

describe('a word of our own', () => {
  test.each(['in noes', 'postNoes', 'written anew', 'whom it asks', 'told of it'])(
    'is found in %s',
    (text) => {
      expect(dialectIn(source(text))).toHaveLength(1)
    },
  )

  test.each(['nose', 'canoes', 'a new one', 'told offhand'])('is not found in %s', (text) => {
    expect(dialectIn(source(text))).toEqual([])
  })
})

describe('a type that is named by a participle', () => {
  test.each(['interface Asking {', 'export type Kept = string', 'interface Served<T> {'])(
    'is found in %s',
    (text) => {
      expect(participleTypes(source(text))).toHaveLength(1)
    },
  )

  test.each([
    'interface DecideInput {',
    'type Pricing = 1',
    'const Asking = 1',
    'interface Following {',
  ])('is not found in %s', (text) => {
    expect(participleTypes(source(text))).toEqual([])
  })
})
