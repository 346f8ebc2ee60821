/** The address would weaken what an acknowledgement means. The message holds no value of it. */
export class DurabilityWeakened extends Error {
  override readonly name = 'DurabilityWeakened'
  readonly code = 'durability_weakened'
}

interface Rule {
  readonly allows: (value: string) => boolean
  readonly why: string
}

const majority = (value: string) => value === 'majority'
const isTrue = (value: string) => value === 'true'

/** By the name of the option in lower case, as the driver reads it. */
const rules: Readonly<Record<string, Rule>> = {
  w: {
    allows: majority,
    why: 'an answer would be given before a majority has the write, and a failover would lose it',
  },
  journal: { allows: isTrue, why: 'a write would be acknowledged before it is on a disk' },
  j: { allows: isTrue, why: 'a write would be acknowledged before it is on a disk' },
  readconcernlevel: {
    allows: majority,
    why: 'what is read could be undone by a failover',
  },
  readpreference: {
    allows: (value) => value === 'primary',
    why: 'a decision would be made on an old state',
  },
  retrywrites: { allows: isTrue, why: 'every failover would turn away what could be kept' },
}

/** What is wrong with each option of the address that weakens durability. */
export function weakenedBy(uri: string): readonly string[] {
  const query = /^[^?]*\?(.*)$/.exec(uri)?.[1] ?? ''
  return [...new URLSearchParams(query)].flatMap(([name, value]) => {
    const rule = rules[name.toLowerCase()]
    if (rule === undefined || rule.allows(value.toLowerCase())) return []
    return [`the option ${name} must be left out: ${rule.why}`]
  })
}

/** Throws `DurabilityWeakened` if the address has such an option. */
export function checkDurability(uri: string): void {
  const weak = weakenedBy(uri)
  if (weak.length > 0) throw new DurabilityWeakened(`the address of MongoDB: ${weak.join('; ')}`)
}

/** The database that the address names, `tenure` if none. */
export function databaseIn(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]*\/([^?]*)/.exec(uri)?.[1] ?? ''
  return path === '' ? 'tenure' : decodeURIComponent(path)
}
