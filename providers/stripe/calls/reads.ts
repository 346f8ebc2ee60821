import type { z } from 'zod'
import type { ObjectRead } from '../../../machines/effects.ts'
import type { Command } from './call.ts'
import { observe } from './observe.ts'
import { observeWallet } from './wallet.ts'

/** `object.read`: within the budget, for these come by the thousand where webhooks tie. */
export const objectRead: Command<z.infer<typeof ObjectRead>> = {
  async perform({ effect, claimed, now, ports }) {
    ports.spendRead(now)
    const { object: kind, objectId: id } = effect
    const asked = { id, asker: claimed.actor, read: claimed.seq }
    const results = await observe({ kind, ...asked }, { now, ports })
    const isThere = results.some(({ event }) => event.type !== 'object.missing')
    if (kind !== 'customer' || effect.paymentMethods !== true || !isThere) return results
    return [...results, ...(await observeWallet(asked, { now, ports }))]
  },
  // A read leaves nothing behind that could be found.
  readBack: () => Promise.resolve(null),
}
