import type { Db } from 'mongodb'
import { agreed, type IdentityKeeper, StoreIdentity } from '../identity.ts'
import { unavailable } from './failures.ts'

interface IdentityDocument extends StoreIdentity {
  readonly _id: 'identity'
}

/** One document, in a collection of its own. */
export function createIdentity(db: Db): IdentityKeeper {
  const documents = db.collection<IdentityDocument>('identity')
  async function identity(): Promise<StoreIdentity | null> {
    const found = await documents.findOne({ _id: 'identity' })
    return found === null ? null : StoreIdentity.parse(found)
  }
  return {
    identity,
    async belongTo(asked) {
      try {
        // Of two processes that are the first, one inserts; both then compare with what is there.
        await documents.updateOne({ _id: 'identity' }, { $setOnInsert: asked }, { upsert: true })
        const held = await identity()
        const { account } = agreed(held, asked)
        if (account === held?.account) return
        await documents.updateOne({ _id: 'identity', account: null }, { $set: { account } })
        agreed(await identity(), asked)
      } catch (error) {
        throw unavailable(error)
      }
    },
  }
}
