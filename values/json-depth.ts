/**
 * How deep the arrays and objects of a JSON text lie in each other: 0 for `1`, 1 for `[]`. Counts
 * without parsing and without recursion, so that it can be asked first; of text that is no JSON it
 * tells nothing.
 */
export function nestingOf(json: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < json.length; i += 1) {
    switch (json.charAt(i)) {
      case '"':
        i = endOfString(json, i)
        break
      case '[':
      case '{':
        depth += 1
        if (depth > deepest) deepest = depth
        break
      case ']':
      case '}':
        depth -= 1
        break
      default:
    }
  }
  return deepest
}

/** Where the string that begins at `start` ends; the end of the text if it never does. */
function endOfString(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i += 1) {
    const one = json.charAt(i)
    if (one === '"') return i
    if (one === '\\') i += 1
  }
  return json.length
}
