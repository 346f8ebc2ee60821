import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Catalog, termsOf } from '../catalog/catalog.ts'
import { hardDeclines, isHardDecline } from '../payment/declines.ts'
import { DunningPolicy } from './policy.ts'

function fileOf(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
}

function problemsOf(found: { error?: { issues: readonly { message: string }[] } | undefined }) {
  return (found.error?.issues ?? []).map(({ message }) => message)
}

const email = (day: number) => ({ day, do: 'email', template: 'payment_failed' })
const writeOff = { day: 5, do: 'write_off' }

describe('a dunning policy is refused with what is wrong in it', () => {
  test.each`
    why                         | steps                                    | problem
    ${'days out of order'}      | ${[email(3), email(1), writeOff]}        | ${'must be in the order of their days'}
    ${'no end'}                 | ${[email(1)]}                            | ${'must hold exactly one write_off, so that every case ends'}
    ${'two ends'}               | ${[writeOff, writeOff]}                  | ${'must hold exactly one write_off, so that every case ends'}
    ${'a ban before the end'}   | ${[{ day: 1, do: 'ban' }, writeOff]}     | ${'must write off before they ban'}
    ${'a charge after the end'} | ${[writeOff, { day: 6, do: 'retry' }]}   | ${'must not retry after the write_off'}
    ${'no step at all'}         | ${[]}                                    | ${/Too small/}
    ${'a step unheard of'}      | ${[{ day: 1, do: 'call' }, writeOff]}    | ${/Invalid/}
    ${'a mail without a text'}  | ${[{ day: 1, do: 'email' }, writeOff]}   | ${/expected string/}
    ${'half a day'}             | ${[{ day: 1.5, do: 'retry' }, writeOff]} | ${/expected int/}
  `('$why', ({ steps, problem }) => {
    const found = problemsOf(DunningPolicy.safeParse({ id: 'x', version: 1, steps }))
    expect(found).toContainEqual(expect.stringMatching(problem))
  })

  test('and the one that comes with the platform is sound', () => {
    expect(problemsOf(DunningPolicy.safeParse(fileOf('dunning-policy.json')))).toEqual([])
  })
})

const price = { amountMinor: 900, currency: 'usd', interval: 'month' }
const plan = { key: 'basic', product: 'app', name: 'Basic', price, features: { api: true } }
const catalog = {
  features: [{ key: 'api', name: 'API' }],
  products: [{ key: 'app', name: 'App' }],
  plans: [plan],
}

describe('a catalog is refused with what is wrong in it', () => {
  test.each`
    why                         | change                                                             | problem
    ${'a key twice'}            | ${{ plans: [plan, plan] }}                                         | ${/is used twice: basic/}
    ${'a product unheard of'}   | ${{ plans: [{ ...plan, product: 'gone' }] }}                       | ${/not a product of this catalog: gone/}
    ${'a feature unheard of'}   | ${{ plans: [{ ...plan, features: { sso: true } }] }}               | ${/not a feature of this catalog/}
    ${'a price below nothing'}  | ${{ plans: [{ ...plan, price: { ...price, amountMinor: -1 } }] }}  | ${/Too small/}
    ${'a price in fractions'}   | ${{ plans: [{ ...plan, price: { ...price, amountMinor: 9.5 } }] }} | ${/expected int/}
    ${'a currency in capitals'} | ${{ plans: [{ ...plan, price: { ...price, currency: 'USD' } }] }}  | ${/must be a currency such as usd/}
    ${'a key in capitals'}      | ${{ plans: [{ ...plan, key: 'Basic' }] }}                          | ${/must be lower-case/}
  `('$why', ({ change, problem }) => {
    const found = problemsOf(Catalog.safeParse({ ...catalog, ...change }))
    expect(found).toContainEqual(expect.stringMatching(problem))
  })

  test('and the one that comes with the platform is sound', () => {
    expect(problemsOf(Catalog.safeParse(fileOf('catalog.json')))).toEqual([])
  })

  test('the terms of a plan are all that a subscription needs to freeze', () => {
    expect(termsOf(Catalog.parse(catalog), 'basic')).toEqual({
      plan: 'basic',
      product: 'app',
      name: 'Basic',
      ...price,
      intervalCount: 1,
      trialDays: 0,
      features: { api: true },
    })
    expect(termsOf(Catalog.parse(catalog), 'gone')).toBeNull()
  })
})

describe('a refusal of a bank', () => {
  test.each([...hardDeclines])('%s is final: no retry reaches the bank', (code) => {
    expect(isHardDecline(code)).toBe(true)
  })

  test.each(['insufficient_funds', 'generic_decline', 'try_again_later', '', null])(
    '%s may be tried again',
    (code) => {
      expect(isHardDecline(code)).toBe(false)
    },
  )
})
