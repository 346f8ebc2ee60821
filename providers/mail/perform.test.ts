import { describe, expect, test } from 'vitest'
import type { ClaimedEffect, Log } from '../../actors/ports.ts'
import { type Instant, msPerDay, plusMs } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Mail } from './mailer.ts'
import { createMailPerformer } from './perform.ts'

const happenedAt: Instant = '2027-01-10T00:00:00.000Z'

const claimed: ClaimedEffect = {
  actor: 'dunning/in_1',
  seq: 3,
  effect: {
    id: 'dunning/in_1#3.1',
    kind: 'email.send',
    account: 'account/acct_1',
    template: 'payment_failed',
    data: { amountRemainingMinor: 2900 },
  },
  correlationId: 'c1',
  occurredAt: happenedAt,
  tries: 0,
  attempt: 1,
  firstTriedAt: happenedAt,
  leaseEndsAt: plusMs(happenedAt, 60_000),
}

/** A mailer that keeps what it is given, and a log that keeps its lines. */
function given(address: string | null = 'ada@example.com') {
  const mails: Mail[] = []
  const lines: [string, JsonObject | undefined][] = []
  const keep = (event: string, fields?: JsonObject) => void lines.push([event, fields])
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep }
  const performer = createMailPerformer({
    mailer: { send: async (mail) => void mails.push(mail) },
    log,
    addressOf: async () => address,
  })
  return { mails, lines, performer }
}

describe('a mail that a chart asks for', () => {
  test('is sent to the account’s address under its effect’s id', async () => {
    const { mails, performer } = given()
    expect(await performer.perform(claimed, happenedAt)).toEqual([])
    const data = { amountRemainingMinor: 2900 }
    const to = 'ada@example.com'
    expect(mails).toEqual([{ id: 'dunning/in_1#3.1', to, template: 'payment_failed', data }])
  })

  test('is not sent to an account without an address', async () => {
    const { mails, performer } = given(null)
    await performer.perform(claimed, happenedAt)
    expect(mails).toEqual([])
  })

  test.each`
    lateMs              | sent | why
    ${0}                | ${1} | ${'it is news'}
    ${3 * msPerDay}     | ${1} | ${'three days are not too late'}
    ${3 * msPerDay + 1} | ${0} | ${'it is stale'}
    ${31 * msPerDay}    | ${0} | ${'it is a month old'}
  `(
    '$lateMs ms after what it is about, $sent are sent: $why',
    async ({ lateMs, sent }: { lateMs: number; sent: number }) => {
      const { mails, performer } = given()
      await performer.perform(claimed, plusMs(happenedAt, lateMs))
      expect(mails).toHaveLength(sent)
    },
  )

  test('that is stale leaves a line that names its effect and no address', async () => {
    const { lines, performer } = given()
    await performer.perform(claimed, plusMs(happenedAt, 4 * msPerDay))
    const effect = 'dunning/in_1#3.1'
    const fields = { effect, template: 'payment_failed', occurredAt: happenedAt }
    expect(lines).toEqual([['mail.suppressed', { ...fields, correlationId: 'c1' }]])
  })
})
