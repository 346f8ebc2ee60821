import { createHash } from 'node:crypto'

/** Chance from a seed: the same seed and the same questions have the same answers. */
export interface Draw {
  /** From 0 (inclusive) to 1 (exclusive). */
  share(): number
  /** True for about this share of the questions. */
  happens(share: number): boolean
  pick<const T>(from: readonly [T, ...T[]]): T
  /** An integer from 0 to `below` - 1. */
  below(below: number): number
}

/** `name` keeps what is drawn for one purpose independent of how much is drawn for another. */
export function createDraw(seed: string, name: string): Draw {
  // Mulberry32, public domain: fast, and even enough for dice.
  let state = createHash('sha256').update(`${seed}/${name}`).digest().readUInt32BE(0)
  function share(): number {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(share() * limit)
  return {
    share,
    happens: (wanted) => share() < wanted,
    pick: (from) => from[below(from.length)] ?? from[0],
    below,
  }
}
