import type { Log } from '../../actors/ports.ts'
import type { Mail, Mailer } from './mailer.ts'

export interface Outbox extends Mailer {
  /** What was sent, oldest first, each id once. */
  sent(): readonly Mail[]
}

/**
 * A mailer for the sandbox: keeps the last `limit` mails in memory, and logs that each was sent,
 * without its address. A mail that comes again with a known id is not sent again.
 */
export function createOutbox({ log, limit }: { log: Log; limit: number }): Outbox {
  const mails = new Map<string, Mail>()
  return {
    async send(mail) {
      if (mails.has(mail.id)) return
      mails.set(mail.id, mail)
      const oldest = mails.keys().next()
      if (mails.size > limit && !oldest.done) mails.delete(oldest.value)
      log.info('mail.sent', { id: mail.id, template: mail.template })
    },
    sent: () => [...mails.values()],
  }
}
