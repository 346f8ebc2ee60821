import { z } from 'zod'

/** Whose events, customers and money a store holds. */
export const StoreIdentity = z.object({
  provider: z.literal('stripe'),
  mode: z.enum(['live', 'test', 'sandbox']),
  /** The provider's account; null while nobody has said which. */
  account: z.string().nullable(),
})
export type StoreIdentity = z.infer<typeof StoreIdentity>

/**
 * The store belongs to another provider account or mode: every object that it knows would be
 * missing there.
 */
export class StoreOfAnother extends Error {
  override readonly name = 'StoreOfAnother'
  readonly code = 'store_of_another'

  constructor(held: StoreIdentity, asked: StoreIdentity) {
    super(
      `this store belongs to ${nameOf(held)}, and the configuration is for ${nameOf(asked)}: ` +
        'set the keys (STRIPE_SECRET_KEY, STRIPE_ACCOUNT_ID) of the one that it belongs to, ' +
        'or give the other a store of its own (another TENURE_DATA, or another database in MONGODB_URI)',
    )
  }
}

/**
 * What the store is to hold after it was opened as `asked`: an account that is learned is kept.
 * Throws `StoreOfAnother` if it belongs to another.
 */
export function agreed(held: StoreIdentity | null, asked: StoreIdentity): StoreIdentity {
  if (held === null) return asked
  const isOther =
    held.mode !== asked.mode ||
    (held.account !== null && asked.account !== null && held.account !== asked.account)
  if (isOther) throw new StoreOfAnother(held, asked)
  return { ...held, account: held.account ?? asked.account }
}

function nameOf({ provider, mode, account }: StoreIdentity): string {
  if (mode === 'sandbox') return `the sandbox ${account ?? ''}`.trimEnd()
  return `${provider} in ${mode} mode${account === null ? '' : ` (${account})`}`
}

/** Where a store keeps it. */
export interface IdentityKeeper {
  /** Null before anybody has opened the store for one. */
  identity(): Promise<StoreIdentity | null>
  /** Opens the store for this one, from now on and for ever. Throws `StoreOfAnother`. */
  belongTo(asked: StoreIdentity): Promise<void>
}
