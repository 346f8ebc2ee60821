import { webhooks1 } from '../providers/stripe/vocabulary/dictionary.ts'

/**
 * What the raw webhooks in a store are packed with: all that any release packed with, the newest
 * last.
 */
export const dictionaries: readonly string[] = [webhooks1]
