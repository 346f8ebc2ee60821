import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import { StripeFailure } from './failure.ts'

// Forms carry strings. These are the types of Stripe's parameters as they arrive; `''` unsets a
// field where Stripe allows that.

export const text = z.string().min(1).max(5000)
export const integer = z
  .union([z.number(), z.string().regex(/^-?\d{1,15}$/)])
  .transform((value) => Number(value))
export const amount = integer.refine((value) => value >= 0 && value <= 99_999_999)
export const timestamp = integer.refine((value) => value >= 0)
export const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((value) => value === 'true'),
])
export const unset = z.literal('')
/** `''` becomes null. */
export const textOrUnset = z.union([unset.transform(() => null), text])
/** Up to 50 keys of 40 characters; a value of 500; `''` as a value removes the key. */
export const metadata = z.record(z.string().min(1).max(40), z.string().max(500))
export const metadataOrUnset = z.union([unset, metadata])

/** What an update does to an object's metadata: '' clears all, an empty value removes its key. */
export function mergedMetadata(
  before: JsonObject,
  change: z.infer<typeof metadataOrUnset> | undefined,
): JsonObject {
  if (change === undefined) return before
  if (change === '') return {}
  const merged = { ...before, ...change }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
}

function nameOf(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path.map(String)
  return `${first ?? ''}${rest.map((part) => `[${part}]`).join('')}`
}

function early(param: string, message: string, code?: string): StripeFailure {
  const named = { type: 'invalid_request_error', param, message } as const
  return new StripeFailure(400, code === undefined ? named : { ...named, code }, { early: true })
}

/**
 * The input by its schema (a `z.strictObject`), or Stripe's 400 that names the first parameter that
 * is missing, unknown or wrong. Such a refusal is not remembered by an idempotency key.
 */
export function parse<S extends z.ZodType>(schema: S, input: JsonObject): z.infer<S> {
  const parsed = schema.safeParse(input, { reportInput: true })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  if (issue?.code === 'unrecognized_keys') {
    const name = nameOf([...issue.path, issue.keys[0] ?? ''])
    throw early(
      name,
      `Received unknown parameter: ${name} (or one that the sandbox does not simulate)`,
      'parameter_unknown',
    )
  }
  const name = nameOf(issue?.path ?? [])
  if (issue?.input === undefined)
    throw early(name, `Missing required param: ${name}.`, 'parameter_missing')
  throw early(name, `Invalid ${name}: ${issue.message}`, 'parameter_invalid')
}
