import path from 'node:path'

// The rules of the house that a compiler cannot hold, each as a question over texts: `tidy.test.ts`
// asks them of the tree, and `rules.test.ts` of texts that break them.

export interface SourceFile {
  readonly file: string
  readonly text: string
}

/** Tests, and what only they use: `x.test.ts`, `x-fixture.ts`, `test/`. */
export function isTest(file: string): boolean {
  return file.startsWith('test/') || /(\.test|-fixture)\.tsx?$/.test(file)
}

const opensFunction =
  /^\s*(?:(?:export )?(?:async )?function\b.*|(?:export )?(?:const|let) \w+.*=>.*|(?:async )?\w+\(.*|.*=>) ?\{?$/

interface Span {
  readonly from: number
  readonly to: number
  readonly name: string
}

/** By its indentation, which the formatter keeps. */
function functionsIn(lines: readonly string[]): Span[] {
  return lines.flatMap((line, from) => {
    const isHead = opensFunction.test(line) && /[{(]$/.test(line)
    if (!isHead || /^\s*(?:if|for|while|switch|return|await|\}|\/\/|\*)/.test(line)) return []
    const indent = /^\s*/.exec(line)?.[0] ?? ''
    const to = lines.findIndex(
      (end, at) => at > from && new RegExp(`^${indent}\\}(?!.*[{(]$)`).test(end),
    )
    const next = lines.findIndex((end, at) => at > from && new RegExp(`^${indent}\\S`).test(end))
    const name = /(?:function|const|let) (\w+)/.exec(line)?.[1] ?? line.trim()
    // `f(` without a body is a call.
    if (to === -1 || (line.endsWith('(') && !lines[next]?.endsWith('{'))) return []
    return [{ from, to, name }]
  })
}

/** Functions of more than `limit` lines, without those of the functions inside them. */
export function longFunctions({ file, text }: SourceFile, limit: number): string[] {
  const spans = functionsIn(text.split('\n'))
  return spans
    .filter(({ from, to }) => {
      const inner = spans.filter((one) => one.from > from && one.to < to)
      const outermost = inner.filter(
        (one) => !inner.some((other) => other.from < one.from && other.to > one.to),
      )
      const theirs = outermost.reduce((sum, one) => sum + one.to - one.from + 1, 0)
      return to - from + 1 - theirs > limit
    })
    .map(({ name }) => `${file}: ${name}`)
}

/** Lines that are too wide although they could be broken: a text or a pattern cannot. */
export function wideLines({ file, text }: SourceFile, columns: number): string[] {
  return text.split('\n').flatMap((line, index) => {
    const isWide = line.length > columns
    const isComment = /^\s*(?:\/\/|\*|\/\*)/.test(line)
    return isWide && (isComment || !/['"`/|$<]/.test(line)) ? [`${file}:${index + 1}`] : []
  })
}

/** How many values, not types, a file exports. */
export function exportsOf({ text }: SourceFile): number {
  return [...text.matchAll(/^export (?:async )?(?:function|const|class|let)\b/gm)].length
}

/** Folders to how many files of code stand in them, tests aside. */
export function folderSizes(files: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const file of files) {
    if (isTest(file) || !/\.tsx?$/.test(file)) continue
    const folder = path.dirname(file)
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1)
  }
  return sizes
}

/** The files that a file imports, by their paths in the repository. */
export function importsOf({ file, text }: SourceFile): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, name]) =>
    path.join(path.dirname(file), name ?? ''),
  )
}

/** Code that nothing but tests imports, and that is not where a program begins. */
export function importedByTestsAlone(
  sources: readonly SourceFile[],
  isEntry: (file: string) => boolean,
): string[] {
  const ours = sources.filter(({ file }) => !isTest(file))
  const used = new Set(ours.flatMap(importsOf))
  return ours.map(({ file }) => file).filter((file) => !used.has(file) && !isEntry(file))
}

/** Waits for the computer's time: a machine under load makes such a test fail. */
export function realWaits({ file, text }: SourceFile): string[] {
  const waits = [
    /\bsetTimeout\(/,
    /\bsetInterval\(/,
    /import \{[^}]*\b(?:setTimeout|scheduler)\b[^}]*\} from 'node:timers/,
    /\bexpect\.poll\b/,
    /\bvi\.wait(?:For|Until)\b/,
    /\bAbortSignal\.timeout\b/,
    /\bAtomics\.wait\b/,
  ]
  return waits.some((wait) => wait.test(text)) ? [file] : []
}

/** Words of a private dialect, to the standard one. */
export const dialect: Readonly<Record<string, string>> = {
  noes: 'problems, refusals',
  anew: 'again',
  whom: 'subject first: who does it?',
  'told of': 'receives, is given',
}

export function dialectIn({ file, text }: SourceFile): string[] {
  const found = Object.keys(dialect).filter((word) =>
    new RegExp(`\\b${word}\\b|(?<=[a-z])${word[0]?.toUpperCase()}${word.slice(1)}\\b`).test(text),
  )
  return found.map((word) => `${file}: ${word}`)
}

/** A type is named by a noun: `StoredAnswer`, not `Kept`; `DecideInput`, not `Deciding`. */
const participles =
  /^(?:export )?(?:interface|type) (?:\w+ing|Told|Kept|Seen|Shown|Known|Made|Given|Found|Asked|Taken|Sent|Held|Left|Lost|Read|Said|Sold|Written|Drawn|[A-Z][a-z]+ed)\b(?=<| [={<]| extends)/

const nouns =
  /^(?:export )?(?:interface|type) (?:Pricing|Billing|Following|Dunning|Standing|Setting|Listing|Timing|Reading|Lent|Feed|Need|Seed|Stamped|Bookkeeping|\w+(?:Standing|Timing))\b/

export function participleTypes({ file, text }: SourceFile): string[] {
  return text.split('\n').flatMap((line) => {
    const name = /(?:interface|type) (\w+)/.exec(line)?.[1] ?? ''
    return participles.test(line) && !nouns.test(line) ? [`${file}: ${name}`] : []
  })
}
