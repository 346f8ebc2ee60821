import { describe, expect, test } from 'vitest'
import { openApi, problemIn, wrongFields } from '../../test/harness/api.ts'
import { quietSandbox } from '../../test/harness/quiet-sandbox.ts'

const advance = 'POST /sandbox/clock/advance'

describe('200', () => {
  test.each`
    body                                  | now                           | why
    ${{ by: 60 }}                         | ${'2027-01-31T00:01:00.000Z'} | ${'seconds'}
    ${{ by: 'P1M' }}                      | ${'2027-02-28T00:00:00.000Z'} | ${'a month ends with its last day'}
    ${{ by: 'P1DT12H' }}                  | ${'2027-02-01T12:00:00.000Z'} | ${'days and hours'}
    ${{ to: '2027-03-01T00:00:00.000Z' }} | ${'2027-03-01T00:00:00.000Z'} | ${'a moment'}
    ${{ to: '2027-01-31T00:00:00.000Z' }} | ${'2027-01-31T00:00:00.000Z'} | ${'to now changes nothing'}
    ${{ by: 'P20Y' }}                     | ${'2047-01-31T00:00:00.000Z'} | ${'as far as a journey may go'}
  `('the clock moves by or to what is asked: $why', async ({ body, now }) => {
    const api = openApi({ sandbox: quietSandbox() })
    const answer = await api.ask(advance, { body })
    expect([answer.status, answer.json]).toEqual([200, { object: 'sandbox_clock', now }])
    expect((await api.ask('GET /sandbox')).json).toMatchObject({ now })
  })

  test('a repeated request with one key moves the clock once', async () => {
    const api = openApi({ sandbox: quietSandbox() })
    const request = { body: { by: 60 }, headers: { 'idempotency-key': 'a' } }
    await api.ask(advance, request)
    await api.ask(advance, request)
    const { json } = await api.ask('GET /sandbox')
    expect(json).toMatchObject({ now: '2027-01-31T00:01:00.000Z' })
  })

  test('the chaos dial is set, and answers with every notch', async () => {
    const api = openApi({ sandbox: quietSandbox() })
    const body = { seed: 'a', duplicate: 1, dropUntilRetry: 0.5 }
    const answer = await api.ask('POST /sandbox/chaos', { body })
    expect(answer.json).toMatchObject({ ...body, shuffle: false, http500: 0 })
    expect((await api.ask('GET /sandbox')).json['chaos']).toEqual(answer.json)
  })
})

test('409: the clock never goes back, and says where it stands', async () => {
  const api = openApi({ sandbox: quietSandbox() })
  const answer = await api.ask(advance, { body: { to: '2027-01-30T00:00:00.000Z' } })
  expect(problemIn(answer)).toEqual({ status: 409, code: 'clock_backwards' })
  expect(answer.json['now']).toBe('2027-01-31T00:00:00.000Z')
})

describe('422', () => {
  test.each`
    body                                         | fields     | why
    ${{}}                                        | ${['']}    | ${'neither'}
    ${{ by: 1, to: '2027-03-01T00:00:00.000Z' }} | ${['']}    | ${'both'}
    ${{ by: -1 }}                                | ${['/by']} | ${'backwards'}
    ${{ by: 'a month' }}                         | ${['/by']} | ${'no duration'}
    ${{ by: 'P99999999Y' }}                      | ${['/by']} | ${'beyond time itself'}
    ${{ to: '2027-03-01' }}                      | ${['/to']} | ${'no instant'}
    ${{ to: '2027-02-30T00:00:00.000Z' }}        | ${['/to']} | ${'a day that is not'}
    ${{ to: '9999-12-31T23:59:50.000Z' }}        | ${['/to']} | ${'the end of time, from which nothing could be planned'}
    ${{ to: '2048-01-01T00:00:00.000Z' }}        | ${['/to']} | ${'more than 20 years'}
    ${{ by: 'P21Y' }}                            | ${['/by']} | ${'more than 20 years'}
    ${{ by: 9_007_199_254_740_991 }}             | ${['/by']} | ${'seconds beyond time itself'}
  `('$why', async ({ body, fields }) => {
    const api = openApi({ sandbox: quietSandbox() })
    const answer = await api.ask(advance, { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(fields)
    expect((await api.ask('GET /sandbox')).json['now']).toBe('2027-01-31T00:00:00.000Z')
  })

  test.each`
    body                 | fields
    ${{ duplicate: 99 }} | ${['/duplicate']}
    ${{ volume: 11 }}    | ${['/volume']}
    ${[]}                | ${['']}
  `('a dial that is none names the notch: $fields', async ({ body, fields }) => {
    const answer = await openApi({ sandbox: quietSandbox() }).ask('POST /sandbox/chaos', { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(fields)
  })
})

describe('404', () => {
  test.each(['GET /sandbox', advance, 'POST /sandbox/chaos'])(
    '%s does not exist outside a sandbox',
    async (request) => {
      const api = openApi()
      const answer = await api.ask(request, request.startsWith('POST') ? { body: {} } : {})
      expect(problemIn(answer)).toEqual({ status: 404, code: 'route_unknown' })
      expect((await api.ask('GET /openapi.json')).text).not.toContain('/sandbox/')
    },
  )
})
