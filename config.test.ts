import { describe, expect, test } from 'vitest'
import { ConfigInvalid, readConfig } from './config.ts'
import { hashOfKey } from './http/auth.ts'

const stripe = {
  STRIPE_SECRET_KEY: 'sk_test_51abc',
  STRIPE_WEBHOOK_SECRETS: 'whsec_new, whsec_old',
  TENURE_API_KEYS: 'web:dashboard:0123456789abcdef',
}

function problemsOf(env: Record<string, string>): string {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.message
    throw error
  }
  return 'none'
}

describe('an empty environment', () => {
  test('is the sandbox on the embedded store, reachable from this machine alone', () => {
    expect(readConfig({})).toMatchObject({
      http: { port: 4600, host: '127.0.0.1', publicUrl: 'http://127.0.0.1:4600' },
      dataFolder: '.tenure',
      store: { kind: 'embedded' },
      provider: { mode: 'sandbox' },
      keys: [],
      webhookToleranceSeconds: 300,
      catalogPath: 'catalog.json',
      policyPath: 'dunning-policy.json',
      logLevel: 'info',
    })
  })

  test('is what empty variables are, too', () => {
    expect(readConfig({ PORT: '', MONGODB_URI: '', STRIPE_SECRET_KEY: '' })).toEqual(readConfig({}))
  })
})

describe('a full environment', () => {
  test('runs against Stripe, with several webhook secrets and the mode of its key', () => {
    const config = readConfig({
      ...stripe,
      STRIPE_ACCOUNT_ID: 'acct_1',
      STRIPE_API_BASE: 'http://127.0.0.1:9/',
      MONGODB_URI: 'mongodb://db/tenure',
      PUBLIC_URL: 'https://billing.example.com/',
    })
    expect(config).toMatchObject({
      store: { kind: 'mongo', uri: 'mongodb://db/tenure' },
      http: { publicUrl: 'https://billing.example.com' },
      provider: {
        mode: 'stripe',
        secretKey: 'sk_test_51abc',
        webhookSecrets: ['whsec_new', 'whsec_old'],
        accountId: 'acct_1',
        livemode: false,
      },
    })
  })

  test.each`
    key                | livemode
    ${'sk_live_51abc'} | ${true}
    ${'rk_live_51abc'} | ${true}
    ${'rk_test_51abc'} | ${false}
  `('a key $key tells the mode', ({ key, livemode }) => {
    const { provider } = readConfig({ ...stripe, STRIPE_SECRET_KEY: key })
    expect(provider).toMatchObject({ livemode })
  })

  test('API keys are kept as hashes, each with its role and the accounts that it may see', () => {
    const list =
      'web:dashboard:0123456789abcdef, ops:admin:fedcba9876543210,one:dashboard:aaaabbbbccccdddd:acct_1+acct_2'
    const { keys } = readConfig({ TENURE_API_KEYS: list })
    expect(keys).toEqual([
      { name: 'web', role: 'dashboard', hash: hashOfKey('0123456789abcdef'), accounts: null },
      { name: 'ops', role: 'admin', hash: hashOfKey('fedcba9876543210'), accounts: null },
      {
        name: 'one',
        role: 'dashboard',
        hash: hashOfKey('aaaabbbbccccdddd'),
        accounts: ['acct_1', 'acct_2'],
      },
    ])
  })
})

describe('a wrong environment', () => {
  test.each`
    env                                                                           | named                                   | why
    ${{ PORT: '99999' }}                                                          | ${'PORT: '}                             | ${'there is no such port'}
    ${{ PORT: 'http' }}                                                           | ${'PORT: must be a port'}               | ${'a port is a number'}
    ${{ LOG_LEVEL: 'loud' }}                                                      | ${'LOG_LEVEL: '}                        | ${'the levels are few'}
    ${{ MONGODB_URI: 'localhost' }}                                               | ${'MONGODB_URI: must begin with'}       | ${'a URI has its scheme'}
    ${{ STRIPE_SECRET_KEY: 'pk_test_1' }}                                         | ${'STRIPE_SECRET_KEY: must be'}         | ${'a publishable key cannot charge'}
    ${{ STRIPE_WEBHOOK_SECRETS: 'whsec_1' }}                                      | ${'STRIPE_SECRET_KEY: is missing'}      | ${'half a provider is none'}
    ${{ ...stripe, STRIPE_WEBHOOK_SECRETS: '' }}                                  | ${'STRIPE_WEBHOOK_SECRETS: is missing'} | ${'nothing could be confirmed'}
    ${{ ...stripe, TENURE_API_KEYS: '' }}                                         | ${'TENURE_API_KEYS: is missing'}        | ${'nobody could ask'}
    ${{ TENURE_API_KEYS: 'web:boss:0123456789abcdef' }}                           | ${'TENURE_API_KEYS.*item 1'}            | ${'the roles are three'}
    ${{ TENURE_API_KEYS: 'web:admin:short' }}                                     | ${'TENURE_API_KEYS.*item 1'}            | ${'a short key can be guessed'}
    ${{ TENURE_API_KEYS: 'a:admin:0123456789abcdef,a:service:0123456789abcdeg' }} | ${'each name may be used once'}         | ${'the audit trail needs names'}
    ${{ TENURE_WEBHOOK_TOLERANCE_SECONDS: '0' }}                                  | ${'TENURE_WEBHOOK_TOLERANCE_SECONDS: '} | ${'no tolerance would be no check'}
    ${{ TENURE_TRIES: '1' }}                                                      | ${'TENURE_TRIES: '}                     | ${'one hiccup would park all'}
  `('names the variable: $why', ({ env, named }) => {
    expect(problemsOf(env)).toMatch(new RegExp(named))
  })

  test('is told of all at once, and no value is repeated', () => {
    const message = problemsOf({ PORT: 'x', TENURE_API_KEYS: 'a:admin:s3cret', LOG_LEVEL: 'loud' })
    expect(message.split('\n')).toHaveLength(4)
    expect(message).not.toMatch(/s3cret|loud/)
  })
})
