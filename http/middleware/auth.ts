import { hash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { HttpEnv } from '../env.ts'
import type { Principal, Role } from '../principal.ts'
import { Problem } from '../problem.ts'

/** A configured key: never the key itself. */
export interface ApiKey {
  readonly name: string
  readonly role: Role
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string
  /** The ids of the accounts that it may see; null for all. */
  readonly accounts: readonly string[] | null
}

export function hashOfKey(key: string): string {
  return hash('sha256', key)
}

/** As envelopes and the audit trail name whoever asks. */
export function principalName({ key, operator }: Principal): string {
  return operator === null ? `key:${key}` : `operator:${operator}`
}

const operatorForm = /^[\w.+@-]{1,64}$/

/** Finds the key of an Authorization header: by its hash, in the same time whichever it is. */
export function createKeyFinder(keys: readonly ApiKey[]) {
  const known = keys.map((key) => ({ ...key, digest: Buffer.from(key.hash, 'hex') }))
  return (authorization: string | undefined): ApiKey | undefined => {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    const digest = hash('sha256', token, 'buffer')
    return known.find((one) => one.digest.length === 32 && timingSafeEqual(one.digest, digest))
  }
}

export type KeyFinder = ReturnType<typeof createKeyFinder>

/** Learns who asks, and refuses nobody: the routes do, each by its roles. */
export function identify(keyOf: KeyFinder): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    const key = keyOf(c.req.header('authorization'))
    if (key) {
      const { name, role, accounts } = key
      const named = role === 'admin' ? c.req.header('x-operator') : undefined
      const operator = named !== undefined && operatorForm.test(named) ? named : null
      c.set('principal', { key: name, role, accounts, operator })
    }
    return next()
  }
}

/**
 * Lets these roles pass; 401 without a key, 403 with one of another role. Admins may do what
 * dashboards may.
 */
function gate(allowed: readonly Role[]): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    const { principal } = c.var
    if (principal === null) throw unauthorized()
    if (!allowed.includes(principal.role)) {
      throw new Problem('forbidden', { facts: { roles: [...allowed] } })
    }
    return next()
  }
}

function unauthorized(): Problem {
  return new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="tenure"' } })
}

/** An operator must be named where a person's hand changes something. */
const namedOperator: MiddlewareHandler<HttpEnv> = (c, next) => {
  const operator = c.var.principal?.operator ?? null
  if (operator === null) throw new Problem('operator_required')
  return next()
}

/** The part of a route that says who may use it: for the router and for the OpenAPI document. */
export function access(...allowed: readonly Role[]) {
  return { security: [{ key: [...allowed] }], middleware: [gate(allowed)] }
}

/** A key that sees some accounts alone has no business with what concerns them all. */
const unrestricted: MiddlewareHandler<HttpEnv> = (c, next) => {
  const { principal } = c.var
  if (principal !== null && principal.accounts !== null) {
    throw new Problem('forbidden', {
      detail: 'The key sees some accounts alone, and this concerns them all.',
      facts: { restricted: true },
    })
  }
  return next()
}

/** As `access`, for what belongs to no one account: keys that see some alone may not. */
export function wideAccess(...allowed: readonly Role[]) {
  return { security: [{ key: [...allowed] }], middleware: [gate(allowed), unrestricted] }
}

/** As `access('admin')`, for what changes something. */
export function operatorAccess() {
  return { security: [{ key: ['admin'] }], middleware: [gate(['admin']), namedOperator] }
}
