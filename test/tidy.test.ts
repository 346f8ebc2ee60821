import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { charts } from '../machines/index.ts'
import { Refusal } from '../machines/refusals.ts'
import { exclusions } from './scenarios/canonical.ts'
import * as known from './tidy/exceptions.ts'
import {
  dialectIn,
  exportsOf,
  folderSizes,
  importedByTestsAlone,
  isTest,
  longFunctions,
  participleTypes,
  realWaits,
  wideLines,
} from './tidy/rules.ts'

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
const sources = code.map((file) => ({ file, text: read(file) }))
const ours = sources.filter(({ file }) => !isTest(file))
const tests = code.filter(isTest)

const chartFiles = new Set(Object.keys(charts).map((name) => `machines/${name}/${name}.ts`))

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
    expect(long.filter((file) => !(file in known.longFiles))).toEqual([])
    expect(Object.keys(known.longFiles).filter((file) => !long.includes(file))).toEqual([])
  })

  test('a provider is named where it is at home, and is a value everywhere else', () => {
    const homes = [/^bench\//, /^providers\/stripe\//, /^twins\//, /^app\//, /^machines\/refs\.ts$/]
    const named = ours
      .filter(({ file }) => !homes.some((home) => home.test(file)))
      .filter(({ text }) => /(?<!from )'stripe'/.test(text))
      .map(({ file }) => file)
    expect(named.sort()).toEqual([...known.namesProvider].sort())
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

describe('the code is easy to read', () => {
  test('no function is longer than 60 lines, but for those with a reason', () => {
    const long = ours.flatMap((one) => longFunctions(one, 60))
    expect(long.filter((one) => !(one in known.longFunctions))).toEqual([])
    expect(Object.keys(known.longFunctions).filter((one) => !long.includes(one))).toEqual([])
  })

  test('no file exports more than 8 values, but for those that did', () => {
    const many = ours.filter((one) => exportsOf(one) > (known.manyExports[one.file] ?? 8))
    expect(many.map(({ file }) => file)).toEqual([])
    const left = new Set(ours.filter((one) => exportsOf(one) > 8).map(({ file }) => file))
    expect(Object.keys(known.manyExports).filter((file) => !left.has(file))).toEqual([])
  })

  test('no folder holds more than 20 files of code, but for those that did', () => {
    const crowded = [...folderSizes(code)].filter(
      ([folder, size]) => size > (known.crowdedFolders[folder] ?? 20),
    )
    expect(crowded).toEqual([])
  })

  test('no line that can be broken is wider than 100 columns, but in files where one was', () => {
    const wide = sources.filter((one) => wideLines(one, 100).length > 0).map(({ file }) => file)
    expect(wide.sort()).toEqual([...known.wideFiles].sort())
  })

  test('no code is imported by tests alone', () => {
    const dead = importedByTestsAlone(sources, (file) => known.entries.has(file))
    expect(dead.filter((file) => !(file in known.testedAlone))).toEqual([])
    expect(Object.keys(known.testedAlone).filter((file) => !dead.includes(file))).toEqual([])
  })

  test('no file speaks in a word of our own where there is a standard one, but for those that did', () => {
    const found = [...sources, ...pages.map((file) => ({ file, text: read(file) }))]
      .filter(({ file }) => !file.startsWith('test/tidy/'))
      .flatMap(dialectIn)
    expect(found.filter((one) => !known.dialect.has(one))).toEqual([])
  })

  test('no type is named by a participle, but for those that were', () => {
    const found = sources.flatMap(participleTypes)
    expect(found.filter((one) => !known.participles.has(one))).toEqual([])
  })
})

describe('tests hold time in their hands', () => {
  test('none waits for the computer’s', () => {
    const theirs = sources.filter(({ file }) => isTest(file) && !file.startsWith('test/tidy/'))
    expect(theirs.flatMap(realWaits)).toEqual([])
  })
})

describe('what is promised is tested', () => {
  const names = tests.flatMap((file) =>
    [...read(file).matchAll(/(?:test|it|describe)(?:\.each)?[^'"`\n]*['"`]([^'"`\n]+)/g)].map(
      ([, name]) => name ?? '',
    ),
  )
  const promises = [
    ...Array.from({ length: 10 }, (_, i) => `A${i + 1}`),
    ...Array.from({ length: 10 }, (_, i) => `P${i + 1}`),
    ...Array.from({ length: 6 }, (_, i) => `M${i + 1}`),
  ]

  test.each(promises)('%s has a test that begins with it', (promise) => {
    expect(names.filter((name) => name.startsWith(`${promise} `)).length).toBeGreaterThan(0)
  })
})

describe('the races are told', () => {
  const numbersIn = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].map(([, number]) => Number(number))

  test('docs/races.md names those that a scenario tells, and no other', () => {
    const scenarios = tests.filter((file) => /^test\/scenarios\/.*\.test\.ts$/.test(file))
    const told = scenarios.flatMap((file) =>
      numbersIn(read(file), /^(?:test|describe)(?:\.each[^'"`\n]*)?\(?['"`](\d+) /gm),
    )
    const listed = numbersIn(read('docs/races.md'), /^\| (\d+) /gm)
    const inOrder = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b)
    expect(listed).toEqual(inOrder(told))
  })

  test('test/README.md leaves out of the comparison what the oracle does', () => {
    const rows = exclusions.map(({ actor, field, leave, why }) =>
      [actor ?? 'any', `\`${field}\``, leave === 'value' ? 'its value' : 'all', why].join(' | '),
    )
    const table = read('test/README.md')
      .split('\n')
      .map((line) =>
        line
          .replace(/^\| | \|$/g, '')
          .replace(/ +\| +/g, ' | ')
          .trim(),
      )
    expect(rows.filter((row) => !table.includes(row))).toEqual([])
    const listed = table.filter((line) => /^\w+ \| `\w+` \| /.test(line))
    expect(listed).toHaveLength(rows.length)
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

  test('every file of code that a page of a folder names is there', () => {
    const missing = pages
      .filter((page) => /^\w+\/README\.md$/.test(page) && !page.startsWith('docs/'))
      .flatMap((page) =>
        [...read(page).matchAll(/`([\w./-]+\.tsx?)`/g)]
          .map(([, name]) => name ?? '')
          .filter((name) => !code.some((file) => file === name || file.endsWith(`/${name}`)))
          .map((name) => `${page}: ${name}`),
      )
    expect(missing).toEqual([])
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
