import { existsSync, readFileSync } from 'node:fs'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Instant, instantOfSeconds } from '../../values/instant.ts'
import { verifyWebhook } from './verify.ts'

const secret = 'whsec_current'
const signedAt = 1_790_000_000
const body = '{"id":"evt_1","object":"event"}'

function header(options: { secret?: string; at?: number; payload?: string } = {}): string {
  return Stripe.webhooks.generateTestHeaderString({
    payload: options.payload ?? body,
    secret: options.secret ?? secret,
    timestamp: options.at ?? signedAt,
  })
}

function verify(
  overrides: Partial<Parameters<typeof verifyWebhook>[0]> = {},
): ReturnType<typeof verifyWebhook> {
  return verifyWebhook({
    rawBody: body,
    signatureHeader: header(),
    secrets: [secret],
    toleranceSeconds: 300,
    now: instantOfSeconds(signedAt),
    ...overrides,
  })
}

const after = (seconds: number): Instant => instantOfSeconds(signedAt + seconds)

describe('a webhook’s signature', () => {
  test.each`
    now            | outcome                    | skew    | why
    ${after(0)}    | ${'ok'}                    | ${0}    | ${'signed this second'}
    ${after(300)}  | ${'ok'}                    | ${300}  | ${'just within the tolerance'}
    ${after(301)}  | ${'signature_too_old'}     | ${301}  | ${'race 14: one second past it'}
    ${after(-300)} | ${'ok'}                    | ${-300} | ${'our clock is slow, within the tolerance'}
    ${after(-301)} | ${'signature_from_future'} | ${-301} | ${'our clock is slow, past it'}
  `('has an age by the given clock: $why', ({ now, outcome, skew }) => {
    const verified = verify({ now })
    expect(verified.ok ? 'ok' : verified.code).toBe(outcome)
    expect(verified.skewSeconds).toBe(skew)
  })

  const two = `${header({ secret: 'whsec_former' })},v1=${header().split('v1=')[1] ?? ''}`

  test.each`
    secrets                     | signatureHeader                       | ok       | why
    ${[secret]}                 | ${header()}                           | ${true}  | ${'the one secret'}
    ${['whsec_former', secret]} | ${header()}                           | ${true}  | ${'rolled: the new one'}
    ${['whsec_former', secret]} | ${header({ secret: 'whsec_former' })} | ${true}  | ${'rolled: the former one, for a day'}
    ${[secret]}                 | ${header({ secret: 'whsec_former' })} | ${false} | ${'after that only the new one'}
    ${[secret]}                 | ${two}                                | ${true}  | ${'either of two signatures is enough'}
    ${[]}                       | ${header()}                           | ${false} | ${'no secret fits anything'}
    ${['']}                     | ${header({ secret: 'x' })}            | ${false} | ${'an empty secret fits nothing'}
    ${[secret]}                 | ${header().replace('v1=', 'v0=')}     | ${false} | ${'another scheme does not count'}
    ${[secret]}                 | ${'v1=00'}                            | ${false} | ${'no time'}
    ${[secret]}                 | ${'t=soon,v1=00'}                     | ${false} | ${'no number for a time'}
    ${[secret]}                 | ${'nonsense'}                         | ${false} | ${'no signature at all'}
  `('fits one of the secrets: $why', ({ secrets, signatureHeader, ok }) => {
    const verified = verify({ secrets, signatureHeader })
    expect(verified.ok).toBe(ok)
    if (!verified.ok) expect(verified.code).toBe('signature_invalid')
  })

  test.each([null, '', ' '])('is missed where the header is %j', (signatureHeader) => {
    expect(verify({ signatureHeader })).toMatchObject({ ok: false, code: 'signature_missing' })
  })

  test('covers every byte of the body', () => {
    expect(verify({ rawBody: `${body} ` })).toMatchObject({ ok: false, code: 'signature_invalid' })
    expect(verify({ rawBody: new TextEncoder().encode(body) })).toMatchObject({ ok: true, body })
  })

  test('is refused over bytes that are no UTF-8', () => {
    const rawBody = Uint8Array.from([0x7b, 0xff, 0x7d])
    expect(verify({ rawBody })).toMatchObject({ ok: false, code: 'signature_invalid' })
  })

  test('does not make JSON of what is none', () => {
    const payload = 'not JSON'
    const verified = verify({ rawBody: payload, signatureHeader: header({ payload }) })
    expect(verified).toMatchObject({ ok: false, code: 'body_not_json' })
  })

  test('is checked for thin notifications as for snapshot events', () => {
    const payload = '{"id":"evt_2","object":"v2.core.event"}'
    const verified = verify({ rawBody: payload, signatureHeader: header({ payload }) })
    expect(verified).toMatchObject({ ok: true, event: { object: 'v2.core.event' } })
  })

  test.each([0, -1, Number.NaN])('is never checked with the tolerance %d', (toleranceSeconds) => {
    expect(() => verify({ toleranceSeconds })).toThrow(RangeError)
  })
})

const vectors = new URL('../../../shared/fixtures/signatures.json', import.meta.url)
const Vectors = z.object({
  stripe_hmac: z.array(
    z.object({
      name: z.string(),
      secret: z.string(),
      payload: z.string(),
      hmac_sha256_hex: z.string(),
    }),
  ),
})

describe.runIf(existsSync(vectors))('the HMAC under it', () => {
  const { stripe_hmac } = existsSync(vectors)
    ? Vectors.parse(JSON.parse(readFileSync(vectors, 'utf8')))
    : { stripe_hmac: [] }

  test.each(stripe_hmac)('is the published one: $name', ({ secret, payload, hmac_sha256_hex }) => {
    const crypto = Stripe.createNodeCryptoProvider()
    expect(crypto.computeHMACSignature(payload, secret)).toBe(hmac_sha256_hex)
  })
})
