import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { hashOfKey } from '../http/middleware/auth.ts'
import { ConfigInvalid, prepareDataFolder, readConfig, readSetting } from './config.ts'

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
    env                                                                           | named                                     | why
    ${{ PORT: '99999' }}                                                          | ${'PORT: must be a port'}                 | ${'there is no such port'}
    ${{ PORT: 'http' }}                                                           | ${'PORT: must be a port'}                 | ${'a port is a number'}
    ${{ LOG_LEVEL: 'loud' }}                                                      | ${'LOG_LEVEL: '}                          | ${'the levels are few'}
    ${{ MONGODB_URI: 'localhost' }}                                               | ${'MONGODB_URI: must begin with'}         | ${'a URI has its scheme'}
    ${{ STRIPE_SECRET_KEY: 'pk_test_1' }}                                         | ${'STRIPE_SECRET_KEY: must be'}           | ${'a publishable key cannot charge'}
    ${{ STRIPE_WEBHOOK_SECRETS: 'whsec_1' }}                                      | ${'STRIPE_SECRET_KEY: is missing'}        | ${'half a provider is none'}
    ${{ ...stripe, STRIPE_WEBHOOK_SECRETS: '' }}                                  | ${'STRIPE_WEBHOOK_SECRETS: is missing'}   | ${'nothing could be confirmed'}
    ${{ ...stripe, TENURE_API_KEYS: '' }}                                         | ${'TENURE_API_KEYS: is missing'}          | ${'nobody could ask'}
    ${{ TENURE_API_KEYS: 'web:boss:0123456789abcdef' }}                           | ${'TENURE_API_KEYS.*item 1'}              | ${'the roles are three'}
    ${{ TENURE_API_KEYS: 'web:admin:short' }}                                     | ${'TENURE_API_KEYS.*item 1'}              | ${'a short key can be guessed'}
    ${{ TENURE_API_KEYS: 'a:admin:0123456789abcdef,a:service:0123456789abcdeg' }} | ${'each name may be used once'}           | ${'the audit trail needs names'}
    ${{ TENURE_WEBHOOK_TOLERANCE_SECONDS: '0' }}                                  | ${'TOLERANCE_SECONDS: must be 1 to 3600'} | ${'no tolerance would be no check'}
    ${{ TENURE_CONCURRENCY: '0' }}                                                | ${'TENURE_CONCURRENCY: must be more'}     | ${'nothing would be done'}
    ${{ PORT: '65535' }}                                                          | ${'PORT: must be at most 65534'}          | ${'the simulated Stripe takes the next port'}
    ${{ TENURE_API_KEYS: 'a:admin:0123456789abcdef:acct_1' }}                     | ${'item 1 has the role admin'}            | ${'an admin acts on every account'}
    ${{ TENURE_TRIES: '1' }}                                                      | ${'TENURE_TRIES: '}                       | ${'one hiccup would park all'}
    ${{ ...stripe, STRIPE_WEBHOOK_SECRETS: 'whsec_1,we_1Nabc' }}                  | ${'STRIPE_WEBHOOK_SECRETS: item 2 must'}  | ${'the id of an endpoint signs nothing'}
    ${{ ...stripe, STRIPE_WEBHOOK_SECRETS: '"whsec_1"' }}                         | ${'STRIPE_WEBHOOK_SECRETS: item 1 must'}  | ${'quotes are no part of a secret'}
    ${{ ...stripe, STRIPE_WEBHOOK_SECRETS: 'sk_test_1' }}                         | ${'STRIPE_WEBHOOK_SECRETS: item 1 must'}  | ${'an API key is no signing secret'}
    ${{ MONGODB_URI: 'mongodb://db/t?w=1' }}                                      | ${'MONGODB_URI: the option w must be'}    | ${'a failover would lose what was answered'}
    ${{ MONGODB_URI: 'mongodb://db/t?journal=false' }}                            | ${'MONGODB_URI: the option journal must'} | ${'a power cut would lose it'}
  `('names the variable: $why', ({ env, named }) => {
    expect(problemsOf(env)).toMatch(new RegExp(named))
  })

  test('is reported at once, and no value is repeated', () => {
    const message = problemsOf({ PORT: 'x', TENURE_API_KEYS: 'a:admin:s3cret', LOG_LEVEL: 'loud' })
    expect(message.split('\n')).toHaveLength(4)
    expect(message).not.toMatch(/s3cret|loud/)
  })
})

describe('what the environment names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-config-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const told = (run: () => unknown): string => {
    try {
      run()
    } catch (error) {
      if (error instanceof ConfigInvalid) return error.message
      throw error
    }
    return 'none'
  }
  const Sold = z.object({ plans: z.array(z.string()) })

  test('a file is read as its schema says', () => {
    const path = file('good.json', '{"plans":["pro"]}')
    expect(readSetting('TENURE_CATALOG', path, Sold)).toEqual({ plans: ['pro'] })
  })

  test.each`
    path                                   | says                          | why
    ${join(folder, 'none.json')}           | ${/can't be read \(ENOENT\)/} | ${'it is missing'}
    ${folder}                              | ${/can't be read \(EISDIR\)/} | ${'it is a folder'}
    ${file('text.json', 'plans: pro')}     | ${/is not JSON/}              | ${'it is not JSON'}
    ${file('other.json', '{"plans":[7]}')} | ${/at plans\[0\]/}            | ${'it is not what it should be'}
  `('a file that cannot be used is named with its variable: $why', ({ path, says }) => {
    const message = told(() => readSetting('TENURE_CATALOG', path, Sold))
    expect(message).toMatch(/^TENURE_CATALOG: /)
    expect(message).toContain(path)
    expect(message).toMatch(says)
  })

  test('a data folder that cannot be written is named, with what to do', () => {
    const config = readConfig({ TENURE_DATA: join(file('in-the-way', ''), 'data') })
    const message = told(() => prepareDataFolder(config))
    expect(message).toMatch(
      /^TENURE_DATA: the folder .*in-the-way\/data can't be written \(ENOTDIR\)/,
    )
    expect(message).toMatch(/set TENURE_DATA to one that this user may write$/)
  })

  test('no data folder is needed by MongoDB and Stripe', () => {
    const TENURE_DATA = join(file('in-the-way', ''), 'data')
    const config = readConfig({ ...stripe, MONGODB_URI: 'mongodb://db/tenure', TENURE_DATA })
    expect(told(() => prepareDataFolder(config))).toBe('none')
  })
})

describe('a name that looks like a setting', () => {
  test.each`
    name                                    | hint                                                | why
    ${'TENURE_TRY'}                         | ${'did you mean TENURE_TRIES?'}                     | ${'is misspelt'}
    ${'TENURE_WEBHOOK_TOLERANCE'}           | ${'did you mean TENURE_WEBHOOK_TOLERANCE_SECONDS?'} | ${'is cut short'}
    ${'TENURE_TAX_RATE_OF_EVERYTHING_SOLD'} | ${'take it out'}                                    | ${'is like none of ours'}
  `('and $why is refused: $hint', ({ name, hint }) => {
    expect(problemsOf({ [name]: '1' })).toContain(`${name}: is no setting of this release`)
    expect(problemsOf({ [name]: '1' })).toContain(hint)
  })

  test.each([
    'TENURE_PORT',
    'TENURE_PORT_4600_TCP_ADDR',
    'TENURE_SERVICE_HOST',
    'TENURE_TEST_DOWNLOAD',
  ])('is left alone where it is another program’s: %s', (name) => {
    expect(problemsOf({ [name]: 'tcp://10.0.0.1:4600' })).toBe('none')
  })
})
