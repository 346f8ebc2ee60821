import type { Performer } from '../../actors/delivery/performer.ts'
import type { Log } from '../../actors/ports.ts'
import { EmailSend } from '../../machines/effects.ts'
import { msOf, msPerDay } from '../../values/instant.ts'
import type { Mailer } from './mailer.ts'

/**
 * A mail about what happened longer ago than this is not sent: after an outage, news that has been
 * overtaken would only confuse, and would do so to every customer at once.
 */
export const mailStaleAfterMs = 3 * msPerDay

export interface MailPorts {
  readonly mailer: Mailer
  readonly log: Log
  /** Where to write to an account; null if it has no address (any more). */
  readonly addressOf: (account: string) => Promise<string | null>
}

/** Sends the e-mails that charts ask for, each under its effect's id: no cause writes twice. */
export function createMailPerformer({ mailer, log, addressOf }: MailPorts): Performer {
  return {
    provider: null,
    kinds: ['email.send'],
    async perform({ effect, occurredAt, correlationId }, now) {
      const { account, template, data } = EmailSend.parse(effect)
      if (msOf(now) - msOf(occurredAt) > mailStaleAfterMs) {
        log.info('mail.suppressed', { effect: effect.id, template, occurredAt, correlationId })
        return []
      }
      const to = await addressOf(account)
      if (to !== null) await mailer.send({ id: effect.id, to, template, data })
      return []
    },
  }
}
