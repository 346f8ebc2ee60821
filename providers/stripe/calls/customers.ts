import type { z } from 'zod'
import type { CustomerCreate } from '../../../machines/effects.ts'
import { idOf } from '../../../values/ids.ts'
import type { Result } from '../../result.ts'
import { metadataKeys } from '../refs.ts'
import type { Call, Command } from './call.ts'
import { observe } from './observe.ts'

type Create = Call<z.infer<typeof CustomerCreate>>

function observed({ claimed, now, ports }: Create, id: string): Promise<readonly Result[]> {
  const { actor: asker, seq: read } = claimed
  return observe({ kind: 'customer', id, asker, read }, { now, ports })
}

/**
 * `customer.create`: told by a read, for the answer to a repeated key is what the first one was.
 */
export const customerCreate: Command<z.infer<typeof CustomerCreate>> = {
  async perform(call) {
    const { email, name, account } = call.effect
    const { id } = await call.ports.stripe.customers.create(
      {
        email,
        ...(name === null ? {} : { name }),
        metadata: { [metadataKeys.account]: idOf(account) },
      },
      call.keyed(),
    )
    return await observed(call, id)
  },

  async readBack(call) {
    const { email, account } = call.effect
    const list = call.ports.stripe.customers.list({ email, limit: 100 })
    for await (const { id, metadata } of list) {
      if (metadata[metadataKeys.account] === idOf(account)) return await observed(call, id)
    }
    return null
  },
}
