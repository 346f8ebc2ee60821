import { createHash } from 'node:crypto'

/** Draws from 0 (inclusive) to 1 (exclusive), the same for the same seed. */
export function seeded(seed: string): () => number {
  let n = 0
  return () => {
    n += 1
    const digest = createHash('sha256').update(`${seed}/${n}`).digest()
    return digest.readUInt32BE(0) / 2 ** 32
  }
}

/** The items in an order that the seed decides. */
export function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  const keyed = items.map((item) => ({ item, key: draw() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
