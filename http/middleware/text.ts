const unprintable = /[\p{Cc}\p{Cs}]/u
const unkeepable = /[\0\p{Cs}]/u

/**
 * Of a line that people read: neither control characters nor half of a character (a lone
 * surrogate).
 */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text)
}

export const printableRule = 'must not hold control characters or half of a character'

/**
 * Where a JSON value holds text that not every store keeps as it is (NUL, a lone surrogate), in a
 * key or a value; null if nowhere. The value must not be deeper than a stack.
 */
export function unkeepableAt(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return unkeepable.test(value) ? [] : null
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    if (unkeepable.test(key)) return []
    const at = unkeepableAt(inner)
    if (at !== null) return [key, ...at]
  }
  return null
}
