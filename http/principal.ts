export const roles = ['dashboard', 'admin', 'service'] as const
export type Role = (typeof roles)[number]

/** Who is asking. */
export interface Principal {
  readonly key: string
  readonly role: Role
  readonly accounts: readonly string[] | null
  /** The person behind an admin key, from X-Operator. */
  readonly operator: string | null
}

/** Whether the principal may see this account and what belongs to it. */
export function maySee(principal: Pick<Principal, 'accounts'>, accountId: string): boolean {
  return principal.accounts === null || principal.accounts.includes(accountId)
}
