import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { charts } from '../machines/index.ts'
import { Refusal } from '../machines/refusals.ts'

// House rules that a compiler cannot hold.

const root = path.resolve(import.meta.dirname, '..')
const skipped = new Set(['node_modules', 'dist', '.git', '.tenure', '.ci'])

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return []
    const full = path.join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(full) : [path.relative(root, full)]
  })
}

const files = filesUnder(root)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const code = files.filter((file) => /\.tsx?$/.test(file))
const pages = files.filter((file) => file.endsWith('.md'))
const tests = code.filter((file) => file.endsWith('.test.ts') || file.startsWith('test/'))

const chartFiles = new Set(Object.keys(charts).map((name) => `machines/${name}/${name}.ts`))

/** Longer than their kind may be, each with its reason. This list may only get shorter. */
const longFiles: Readonly<Record<string, string>> = {
  'machines/subscription/subscription.ts':
    'four regions that are read together; none says much without the others',
  'machines/invoice/folds.ts': 'every question that the chart asks of its context',
  'machines/subscription/folds.ts': 'every question that the chart asks of its context',
}

/** Where a tool looks for a default export. */
const defaultExports = new Set(['vitest.config.ts', 'test/closing-line.ts'])

const bannedFolders = new Set(['utils', 'helpers', 'common', 'shared', 'lib', 'misc', 'core'])

function budgetOf(file: string): number {
  if (tests.includes(file)) return 600
  return chartFiles.has(file) ? 400 : 300
}

describe('the house is tidy', () => {
  test('no file is longer than its kind may be, but for those with a reason', () => {
    const long = code.filter((file) => read(file).split('\n').length - 1 > budgetOf(file))
    expect(long.filter((file) => !(file in longFiles))).toEqual([])
    expect(Object.keys(longFiles).filter((file) => !long.includes(file))).toEqual([])
  })

  test('nothing is left to be done later without saying so elsewhere', () => {
    const later = new RegExp(
      `\\b(${['TO', 'FIX'].map((a, i) => a + ['DO', 'ME'][i]).join('|')})\\b`,
    )
    expect(code.filter((file) => later.test(read(file)))).toEqual([])
  })

  test('no folder is named after nothing', () => {
    const named = code.filter((file) => file.split('/').some((part) => bannedFolders.has(part)))
    expect(named).toEqual([])
  })

  test('nothing is exported by default', () => {
    const found = code.filter((file) => /^export default\b/m.test(read(file)))
    expect(found.filter((file) => !defaultExports.has(file))).toEqual([])
  })

  test('no test is skipped or alone', () => {
    const marked = code.filter((file) =>
      /\b(test|it|describe)\.(only|skip|todo)\b/.test(read(file)),
    )
    expect(marked).toEqual([])
  })
})

describe('what is promised is tested', () => {
  const names = tests.flatMap((file) =>
    [...read(file).matchAll(/(?:test|it|describe)(?:\.each)?[^'"`\n]*['"`]([^'"`\n]+)/g)].map(
      ([, name]) => name ?? '',
    ),
  )
  const promises = [
    ...Array.from({ length: 8 }, (_, i) => `A${i + 1}`),
    ...Array.from({ length: 9 }, (_, i) => `P${i + 1}`),
  ]

  test.each(promises)('%s has a test that begins with it', (promise) => {
    expect(names.filter((name) => name.startsWith(`${promise} `)).length).toBeGreaterThan(0)
  })
})

describe('the pages are true', () => {
  test('every link to a file of ours leads to one', () => {
    const broken = pages.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, link]) => link ?? '')
        .filter((link) => !existsSync(path.resolve(root, path.dirname(file), link)))
        .map((link) => `${file}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  test('every page has one title', () => {
    const titles = (file: string) =>
      read(file)
        .replace(/^```[\s\S]*?^```/gm, '')
        .match(/^# /gm)?.length ?? 0
    expect(pages.filter((file) => titles(file) !== 1)).toEqual([])
  })

  test('every refusal stands in docs/errors.md', () => {
    const text = read('docs/errors.md')
    const codes = Refusal.options.map(({ shape }) => shape.code.value)
    expect(codes.filter((one) => !text.includes(one))).toEqual([])
  })
})
