import { createHash } from 'node:crypto'
import type { Limits } from '../limits.ts'

/**
 * Milliseconds before the next try, after `tries` of them: doubling, bounded, and spread over its
 * upper half so that what failed together does not come back together. The spread is drawn from the
 * id, not at random: the same try of the same effect waits the same in every process and every
 * replay.
 */
export function backOffMs(id: string, tries: number, limits: Limits): number {
  const whole = Math.min(limits.backOffMs * 2 ** Math.max(0, tries - 1), limits.backOffMaxMs)
  return Math.round(whole * (0.5 + fractionOf(`${id} ${tries}`) / 2))
}

/** From 0 to below 1, evenly. */
function fractionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}
