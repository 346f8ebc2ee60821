import { ignored, type Reading } from '../message.ts'

/** What came of it is a payment method, which has webhooks of its own. */
export function readSetupIntent(): Reading {
  return ignored('a setup intent: its payment method says what came of it')
}
