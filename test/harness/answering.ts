import { setImmediate } from 'node:timers/promises'
import { defaultHttpLimits } from '../../http/limits.ts'
import type { HandTimers } from './hand-timers.ts'

const { firstWordMs } = defaultHttpLimits

/**
 * The answer to a request that may wait for what a provider says: `meanwhile` goes on while it
 * waits, and when nothing happens any more, its time is over.
 */
export async function answerOf<T>(
  answering: Promise<T>,
  timers: HandTimers,
  meanwhile: () => Promise<void>,
): Promise<T> {
  let isAnswered = false
  const isOpen = () => !isAnswered
  const answered = answering.finally(() => {
    isAnswered = true
  })
  answered.catch(() => {})
  for (await setImmediate(); isOpen(); await setImmediate()) {
    if (!timers.isWaiting()) continue
    await meanwhile()
    await setImmediate()
    if (isOpen() && timers.isWaiting()) timers.pass(firstWordMs)
  }
  return await answered
}
