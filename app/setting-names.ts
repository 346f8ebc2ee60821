/** Names that others set: our own tests, and Kubernetes for a service that is called `tenure`. */
const ofOthers = /^TENURE_(TEST_\w+|SERVICE_(HOST|PORT)\w*|PORT(_\w+)?)$/

/**
 * What is wrong with each name that looks like a setting of ours and is none: a misspelt one would
 * leave its default in force, unseen.
 */
export function unknownSettings(names: readonly string[], known: readonly string[]): string[] {
  return names
    .filter((name) => name.startsWith('TENURE_') && !known.includes(name) && !ofOthers.test(name))
    .map((name) => `${name}: is no setting of this release: ${hintFor(name, known)}`)
}

function hintFor(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((other) => ({ other, distance: distanceOf(name, other) }))
    .toSorted((a, b) => a.distance - b.distance)
  const isNear = nearest !== undefined && nearest.distance <= name.length / 3
  return isNear ? `did you mean ${nearest.other}?` : 'take it out (README.md has them all)'
}

/** How many characters must be put in, taken out or replaced to make one of the other. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, left] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, right] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
