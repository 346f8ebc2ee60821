import { expect, test } from 'vitest'
import { isIn } from './state-path.ts'

const value = { record: 'keeping', status: { open: 'charging' } }

test.each`
  path                       | is       | why
  ${'status.open.charging'}  | ${true}  | ${'the leaf'}
  ${'status.open'}           | ${true}  | ${'a state that contains it'}
  ${'record.keeping'}        | ${true}  | ${'another region'}
  ${'status.open.releasing'} | ${false} | ${'a sibling'}
  ${'status.paid'}           | ${false} | ${'a sibling above'}
  ${'charging'}              | ${false} | ${'a path begins at the top'}
`('$path: $why', ({ path, is }: { path: string; is: boolean }) => {
  expect(isIn(value, path)).toBe(is)
})

test('a chart without regions is in its one state', () => {
  expect(isIn('open', 'open')).toBe(true)
  expect(isIn('open', 'closed')).toBe(false)
})
