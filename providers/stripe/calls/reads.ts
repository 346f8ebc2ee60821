import type { z } from 'zod'
import type { ObjectRead } from '../../../machines/effects.ts'
import type { Command } from './call.ts'
import { observe } from './observe.ts'
import { observeWallet } from './wallet.ts'

/** `object.read`: within the budget, for these come by the thousand where webhooks tie. */
export const objectRead: Command<z.infer<typeof ObjectRead>> = {
  async perform({ effect, claimed, now, ports }) {
    const { object: kind, objectId: id } = effect
    const withWallet = kind === 'customer' && effect.paymentMethods === true
    const asked = { id, asker: claimed.actor, read: claimed.seq }
    const key = claimed.effect.id
    const keys = withWallet ? [key, `${key}:wallet`] : [key]
    return await ports.reads.spend({ keys, now, reader: 'effect' }, async () => {
      const results = await observe({ kind, ...asked }, { now, ports })
      const isThere = results.some(({ event }) => event.type !== 'object.missing')
      if (!withWallet || !isThere) return results
      return [...results, ...(await observeWallet(asked, { now, ports }))]
    })
  },
  // A read leaves nothing behind that could be found.
  readBack: () => Promise.resolve(null),
}
