import { expect, test } from 'vitest'
import { z } from 'zod'
import { counterChart } from '../../test/contract/counter.ts'
import { StateUnreadable } from './statechart.ts'
import { checkForm, readContext } from './stored-form.ts'

/** A schema that tells how often it was asked. */
function counted<Shape extends z.ZodRawShape>(shape: Shape) {
  let asked = 0
  const schema = z.object(shape).refine(() => {
    asked += 1
    return true
  })
  return { schema, asked: () => asked }
}

const stateOf = (n: string) => ({ context: { n } })

test('a context is read once for all who ask in a row, and its form is then known', () => {
  const { schema, asked } = counted({ n: z.int() })
  const state = { context: { n: 1 } }
  expect([readContext(state, schema), readContext(state, schema)]).toEqual([{ n: 1 }, { n: 1 }])
  checkForm({ ...counterChart(), context: schema }, state)
  expect(asked()).toBe(1)
})

test('a context is read of the very state that is asked for, by the very schema', () => {
  const { schema } = counted({ n: z.int() })
  const [one, two] = [{ context: { n: 1 } }, { context: { n: 2 } }]
  expect(readContext(one, schema).n).toBe(1)
  expect(readContext(two, schema).n).toBe(2)
  expect(readContext(one, schema).n).toBe(1)
  const text = z.object({ n: z.int().transform(String) })
  expect(readContext(one, text).n).toBe('1')
})

test('what one schema found right is held against another one', () => {
  const state = { context: { n: 1 } }
  readContext(state, z.object({ n: z.int() }))
  const chart = { ...counterChart(), context: z.object({ n: z.string() }) }
  expect(() => checkForm(chart, state)).toThrow(StateUnreadable)
  expect(() => checkForm(chart, state)).toThrow(StateUnreadable)
})

test('an equal state that is another one, as the store gives it, is looked at again', () => {
  const { schema, asked } = counted({ n: z.int() })
  const chart = { ...counterChart(), context: schema }
  checkForm(chart, { context: { n: 1 } })
  checkForm(chart, { context: { n: 1 } })
  expect(asked()).toBe(2)
  expect(() => checkForm(chart, stateOf('one'))).toThrow(StateUnreadable)
  expect(() => readContext(stateOf('one'), schema)).toThrow(z.ZodError)
})
