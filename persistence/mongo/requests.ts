import type { KeyedRequest } from '../../actors/ports.ts'
import { type Instant, msOf } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { checkText } from '../checked.ts'
import type { Collections } from './documents/documents.ts'
import { isDuplicateKey } from './failures.ts'
import { restored, stored } from './documents/stored.ts'

export function createRequests({ requests }: Collections) {
  const insert = async (key: string, bodyHash: string, now: Instant): Promise<boolean> => {
    try {
      await requests.insertOne({ _id: key, bodyHash, beganAt: now, answer: null })
      return true
    } catch (error) {
      if (isDuplicateKey(error)) return false
      throw error
    }
  }
  return {
    async beginRequest(
      key: string,
      bodyHash: string,
      now: Instant,
      leaseMs: number,
    ): Promise<KeyedRequest> {
      checkText(key, "the request's key")
      if (await insert(key, bodyHash, now)) return { outcome: 'begun' }
      const known = await requests.findOne({ _id: key })
      // It was forgotten in between: whoever asks again may begin.
      if (known === null) return { outcome: 'running' }
      if (known.bodyHash !== bodyHash) return { outcome: 'other_body' }
      if (known.answer !== null) {
        const answer = restored(known.answer, () => `the answer to the request ${key}`)
        return { outcome: 'answered', answer }
      }
      // Neither over its lease, nor begun by a clock that was ahead.
      if (Math.abs(msOf(now) - msOf(known.beganAt)) <= leaseMs) return { outcome: 'running' }
      const { matchedCount } = await requests.updateOne(
        { _id: key, beganAt: known.beganAt, answer: null },
        { $set: { beganAt: now } },
      )
      return { outcome: matchedCount === 1 ? 'begun' : 'running' }
    },
    async finishRequest(key: string, answer: JsonObject): Promise<void> {
      await requests.updateOne({ _id: key }, { $set: { answer: stored(answer) } })
    },
    async forgetRequest(key: string): Promise<void> {
      await requests.deleteOne({ _id: key, answer: null })
    },
    async expireRequests(before: Instant): Promise<void> {
      await requests.deleteMany({ answer: { $ne: null }, beganAt: { $lt: before } })
    },
  }
}
