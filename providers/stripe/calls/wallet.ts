import type { Instant } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import type { CallPorts } from './call.ts'
import { isMissing } from './failures.ts'
import { type Observation, said, timed } from './observe.ts'

/** The most that one page of Stripe's lists holds. */
const listMax = 100

/**
 * Reads the payment methods of a customer: each is told as it is, and last which of them are
 * attached, so that the asker knows of those that no longer are. A deleted customer has none. Of
 * more than a hundred, the first hundred are told, and nothing of the others.
 */
export async function observeWallet(
  { id: customer, asker, read }: Omit<Observation, 'kind'>,
  { now, ports }: { now: Instant; ports: CallPorts },
): Promise<readonly Result[]> {
  const { stripe, clock } = ports
  try {
    const list = () => stripe.paymentMethods.list({ customer, limit: listMax })
    const { object, at } = await timed(clock, now, list)
    const results: Result[] = []
    for (const method of object.data) {
      const own = { kind: 'payment_method', id: method.id, asker, read } as const
      results.push(...(await said({ object: method, at }, own, { now, ports })))
    }
    const ids = object.data.map(({ id }) => id)
    return object.has_more ? results : [...results, attached(ids, at)]
  } catch (error) {
    if (isMissing(error)) return [attached([])]
    throw error
  }
}

function attached(paymentMethods: string[], occurredAt?: Instant): Result {
  const event = { type: 'wallet.observed', provider: 'stripe', paymentMethods } as const
  return occurredAt === undefined ? { event } : { event, occurredAt }
}
