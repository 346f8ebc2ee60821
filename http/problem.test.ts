import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorsPage } from './docs/errors-page.ts'
import { problemBody } from './problem-body.ts'
import { problemCodes, problems, refused } from './problem.ts'

describe('every problem', () => {
  test('has a page in docs/errors.md that says what happened and what to do', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../docs/errors.md')
  })

  test('is asserted, code and status, by some test of a route', () => {
    const folder = new URL('.', import.meta.url)
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, folder), 'utf8'))
      .join('\n')
    const unasserted = problemCodes().filter(
      (code) => !tests.includes(`status: ${problems[code].status}, code: '${code}'`),
    )
    expect(unasserted).toEqual([])
  })
})

describe('a refusal of the business', () => {
  test('becomes a problem with its facts in snake_case', () => {
    const problem = refused({
      code: 'plan_currency_mismatch',
      plan: 'pro',
      planCurrency: 'eur',
      accountCurrency: 'usd',
    })
    expect(problemBody(problem, 'req_1')).toMatchObject({
      status: 422,
      code: 'plan_currency_mismatch',
      plan_currency: 'eur',
      account_currency: 'usd',
      instance: 'req_1',
    })
  })

  test('that no page knows is a fault of ours and never reaches the caller', () => {
    expect(() => refused({ code: 'never_heard_of' })).toThrow()
  })

  test.each`
    refusal                                      | expected
    ${{ code: 'event_unknown', type: 'x' }}      | ${{ status: 422, code: 'event_unknown' }}
    ${{ code: 'actor_type_unknown', type: 'x' }} | ${{ status: 404, code: 'actor_type_unknown' }}
  `('$refusal.code has a status of its own', ({ refusal, expected }) => {
    expect(problemBody(refused(refusal), 'req_1')).toMatchObject(expected)
  })
})
