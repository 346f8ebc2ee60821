import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { defaultLimits, type Limits } from '../actors/limits.ts'
import { defaultHttpLimits, type HttpLimits } from '../http/limits.ts'
import { type ApiKey, hashOfKey } from '../http/middleware/auth.ts'
import { roles } from '../http/principal.ts'
import { weakenedBy } from '../persistence/mongo/connection/address.ts'
import { unknownSettings } from './setting-names.ts'

/** All that the environment decides. Nothing else in the project reads it. */
export interface Config {
  readonly http: {
    readonly port: number
    readonly host: string
    /** Where browsers and providers reach us; no slash at its end. */
    readonly publicUrl: string
    readonly limits: HttpLimits
  }
  /** Where the embedded file, the sandbox's state and its keys are kept. */
  readonly dataFolder: string
  readonly store: { readonly kind: 'mongo'; readonly uri: string } | { readonly kind: 'embedded' }
  readonly provider: StripeConfig | { readonly mode: 'sandbox' }
  /** Empty only in the sandbox, which then makes keys of its own. */
  readonly keys: readonly ApiKey[]
  readonly webhookToleranceSeconds: number
  readonly catalogPath: string
  readonly policyPath: string
  readonly logLevel: LogLevel
  readonly limits: Limits
}

export interface StripeConfig {
  readonly mode: 'stripe'
  readonly secretKey: string
  /** Several while one is being replaced. */
  readonly webhookSecrets: readonly string[]
  /** Our own Stripe account; events of another are quarantined. Null: not checked. */
  readonly accountId: string | null
  /** Null for Stripe's own. */
  readonly apiBase: string | null
  /** Told by the key: events of the other mode are quarantined. */
  readonly livemode: boolean
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** The environment is not usable. The message names each variable and never holds a value. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid'
  readonly code = 'config_invalid'
}

const count = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .positive('must be more than 0')
const port = 'must be a port: a whole number from 0 to 65535'
const tolerance = 'must be 1 to 3600 seconds: without an end, a stolen webhook could be replayed'
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

/**
 * What Stripe shows as the signing secret of an endpoint; not the endpoint's id, nor an API key.
 */
const webhookSecretForm = /^whsec_[\w+/=-]+$/

const WebhookSecrets = list.transform((items, context): string[] => {
  for (const [i, item] of items.entries()) {
    if (webhookSecretForm.test(item)) continue
    const message =
      `item ${i + 1} must be a signing secret, whsec_… and nothing around it: ` +
      "copy it from the endpoint's page in Stripe's dashboard (we_… is its id, sk_… an API key)"
    context.addIssue({ code: 'custom', message })
  }
  return items
})

const MongoAddress = z
  .string()
  .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
  .superRefine((uri, context) => {
    for (const message of weakenedBy(uri)) context.addIssue({ code: 'custom', message })
  })

const keyForm = /^([\w.-]{1,64}):([a-z]+):([\x21-\x39\x3b-\x7e]{16,200})(?::([\w+-]+))?$/

const ApiKeys = list.transform((items, context): ApiKey[] =>
  items.flatMap((item, i) => {
    const [, name, roleName, key, accounts] = keyForm.exec(item) ?? []
    const role = roles.find((known) => known === roleName)
    if (name === undefined || role === undefined || key === undefined) {
      const form = `the role one of ${roles.join(', ')}, the key of 16 to 200 characters`
      const message = `item ${i + 1} must be name:role:key, ${form}`
      context.addIssue({ code: 'custom', message })
      return []
    }
    if (role === 'admin' && accounts !== undefined) {
      const message =
        `item ${i + 1} has the role admin, which acts on every account: ` +
        'leave its accounts out, or give it the role dashboard or service'
      context.addIssue({ code: 'custom', message })
      return []
    }
    return [{ name, role, hash: hashOfKey(key), accounts: accounts?.split('+') ?? null }]
  }),
)

const Environment = z.object({
  PORT: z.coerce.number(port).int(port).min(0, port).max(65_535, port).default(4600),
  // Loopback: who wants to be reached from outside says so, and puts TLS before it.
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  MONGODB_URI: MongoAddress.optional(),
  TENURE_DATA: z.string().default('.tenure'),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^[rs]k_(live|test)_\w+$/, 'must be a secret or restricted key, such as sk_test_…')
    .optional(),
  STRIPE_WEBHOOK_SECRETS: WebhookSecrets.default([]),
  STRIPE_ACCOUNT_ID: z
    .string()
    .regex(/^acct_\w+$/, 'must be an account such as acct_…')
    .optional(),
  STRIPE_API_BASE: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  TENURE_API_KEYS: ApiKeys.default([]),
  // Stripe's libraries allow 300: longer lets a stolen webhook be replayed, shorter meets crooked
  // clocks.
  TENURE_WEBHOOK_TOLERANCE_SECONDS: z.coerce
    .number(tolerance)
    .int(tolerance)
    .min(1, tolerance)
    .max(3_600, tolerance)
    .default(300),
  TENURE_CATALOG: z.string().default('catalog.json'),
  TENURE_DUNNING_POLICY: z.string().default('dunning-policy.json'),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  // At least as large as what we send ourselves, and small enough to be held in memory many times.
  TENURE_BODY_BYTES: count.min(16_384).max(16_777_216).default(defaultHttpLimits.bodyBytes),
  TENURE_WEBHOOK_BYTES: count.min(65_536).max(16_777_216).default(defaultHttpLimits.webhookBytes),
  // Effects at once: the providers' limits of calls at once, divided by the number of processes.
  TENURE_CONCURRENCY: count.max(1_000).default(defaultLimits.concurrency),
  // Tries before an effect waits for a person: fewer than 5 would park at every hiccup of a
  // provider.
  TENURE_TRIES: count.min(5).max(100).default(defaultLimits.tries),
  // What waits for one actor in memory.
  TENURE_MAILBOX_DEPTH: count.min(10).max(100_000).default(defaultLimits.mailboxDepth),
  // Newest entries in memory, about 5 KB each.
  TENURE_HEADS_CACHED: count.max(1_000_000).default(defaultLimits.headsCached),
})
type Environment = z.infer<typeof Environment>

/**
 * Reads the environment that it is given. Throws ConfigInvalid, which names every variable that is
 * wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const unknown = unknownSettings(Object.keys(given), Object.keys(Environment.shape))
  if (unknown.length > 0) throw invalid(unknown)
  const { data, error } = Environment.safeParse(given)
  if (error) throw invalid(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`))
  const wrong = [...missingWith(data)]
  if (wrong.length > 0) throw invalid(wrong)
  return {
    http: {
      port: data.PORT,
      host: data.HOST,
      publicUrl: (data.PUBLIC_URL ?? `http://${data.HOST}:${data.PORT}`).replace(/\/+$/, ''),
      limits: {
        ...defaultHttpLimits,
        bodyBytes: data.TENURE_BODY_BYTES,
        webhookBytes: data.TENURE_WEBHOOK_BYTES,
      },
    },
    dataFolder: data.TENURE_DATA,
    store: data.MONGODB_URI ? { kind: 'mongo', uri: data.MONGODB_URI } : { kind: 'embedded' },
    provider: providerOf(data),
    keys: data.TENURE_API_KEYS,
    webhookToleranceSeconds: data.TENURE_WEBHOOK_TOLERANCE_SECONDS,
    catalogPath: data.TENURE_CATALOG,
    policyPath: data.TENURE_DUNNING_POLICY,
    logLevel: data.LOG_LEVEL,
    limits: {
      ...defaultLimits,
      concurrency: data.TENURE_CONCURRENCY,
      tries: data.TENURE_TRIES,
      mailboxDepth: data.TENURE_MAILBOX_DEPTH,
      headsCached: data.TENURE_HEADS_CACHED,
    },
  }
}

/** What must be there together. */
function* missingWith(env: Environment): Generator<string> {
  const names = env.TENURE_API_KEYS.map(({ name }) => name)
  if (new Set(names).size < names.length) yield 'TENURE_API_KEYS: each name may be used once'
  if (env.STRIPE_SECRET_KEY === undefined) {
    if (env.PORT === 65_535) {
      yield 'PORT: must be at most 65534 in the sandbox, whose simulated Stripe takes the next one'
    }
    if (env.STRIPE_WEBHOOK_SECRETS.length > 0) {
      yield 'STRIPE_SECRET_KEY: is missing, and STRIPE_WEBHOOK_SECRETS is set; set both or neither'
    }
    return
  }
  if (env.STRIPE_WEBHOOK_SECRETS.length === 0) {
    yield 'STRIPE_WEBHOOK_SECRETS: is missing; without it no payment could be confirmed'
  }
  if (names.length === 0) {
    yield 'TENURE_API_KEYS: is missing; without it nobody could use the API'
  }
}

function providerOf(env: Environment): Config['provider'] {
  if (env.STRIPE_SECRET_KEY === undefined) return { mode: 'sandbox' }
  return {
    mode: 'stripe',
    secretKey: env.STRIPE_SECRET_KEY,
    webhookSecrets: env.STRIPE_WEBHOOK_SECRETS,
    accountId: env.STRIPE_ACCOUNT_ID ?? null,
    apiBase: env.STRIPE_API_BASE ?? null,
    livemode:
      env.STRIPE_SECRET_KEY.startsWith('sk_live_') || env.STRIPE_SECRET_KEY.startsWith('rk_live_'),
  }
}

/**
 * The file that a variable names, as `schema` reads it. Throws ConfigInvalid, which names the
 * variable, the file and what is wrong with it.
 */
export function readSetting<T>(variable: string, path: string, schema: z.ZodType<T>): T {
  const wrong = (what: string) => new ConfigInvalid(`${variable}: ${resolve(path)} ${what}`)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(`can't be read (${codeOf(error)}): set ${variable} to a file that can`)
  }
  const json = parsedJson(text)
  if (json === undefined) throw wrong('is not JSON: correct it')
  const { data, error } = schema.safeParse(json)
  if (error) throw wrong(`is not usable: correct it.\n${z.prettifyError(error)}`)
  return data
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Makes the folder of the embedded file and of the sandbox, where there is one to be. Throws
 * ConfigInvalid if nothing can be written there.
 */
export function prepareDataFolder({ dataFolder, store, provider }: Config): void {
  if (store.kind === 'mongo' && provider.mode === 'stripe') return
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    accessSync(dataFolder, constants.W_OK)
  } catch (error) {
    throw new ConfigInvalid(
      `TENURE_DATA: the folder ${resolve(dataFolder)} can't be written (${codeOf(error)}): ` +
        'set TENURE_DATA to one that this user may write',
    )
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function invalid(problems: readonly string[]): ConfigInvalid {
  return new ConfigInvalid(
    `The environment is not usable.\n${problems.map((one) => `  ${one}`).join('\n')}`,
  )
}
