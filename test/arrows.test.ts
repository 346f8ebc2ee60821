import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

// Which folder may import which: the arrows of docs/architecture.md.

const root = path.resolve(import.meta.dirname, '..')

/**
 * A folder to the folders that it may import from beside itself. Nothing stands here that is not
 * used.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  values: [],
  actors: ['values'],
  machines: ['values'],
  views: ['actors', 'machines', 'values'],
  persistence: ['actors', 'values'],
  scheduler: ['actors', 'values'],
  providers: ['actors', 'machines', 'values'],
  twins: ['actors', 'values'],
  http: ['actors', 'machines', 'values'],
  web: ['http'],
}

/** Everything may be named by what puts it together, and by what tests or measures it. */
const free: ReadonlySet<string> = new Set(['app', 'cli', 'bench', 'test', 'vitest.config.ts'])

/** Neighbours that do not know each other, in both directions. */
const strangers: readonly (readonly [string, string])[] = [
  ['persistence/mongo/', 'persistence/embedded/'],
  ['providers/stripe/', 'providers/mail/'],
  ['providers/', 'twins/'],
]

/**
 * Inside a room: a folder to the folders of its room that it may import. What stands in the room
 * itself is open to all of them.
 */
const inner: Readonly<Record<string, readonly string[]>> = {
  'actors/journal': [],
  'actors/decision': ['actors/journal'],
  'actors/mailbox': ['actors/decision', 'actors/journal'],
  'actors/delivery': ['actors/decision', 'actors/journal'],
  'persistence/mongo/connection': [],
  'persistence/mongo/documents': ['persistence/mongo/connection'],
  'persistence/mongo/views': ['persistence/mongo/documents'],
  'persistence/mongo/effects': ['persistence/mongo/documents', 'persistence/mongo/views'],
  'persistence/mongo/journal': [
    'persistence/mongo/documents',
    'persistence/mongo/effects',
    'persistence/mongo/views',
  ],
}

/** Each with its reason; none is silent. */
const exceptions: readonly { from: string; to: string; why: string }[] = [
  {
    from: 'scheduler/embedded-',
    to: 'persistence/embedded/',
    why: 'Agenda’s rows live in the same file as the journal, behind the one driver',
  },
  {
    from: 'providers/stripe/sweep-wallets.ts',
    to: 'views/links.ts',
    why: 'a sweep looks at every customer that the links name',
  },
]

/** A package to where alone it may be imported. */
const packages: Readonly<Record<string, readonly string[]>> = {
  stripe: ['providers/stripe/', 'twins/stripe/', 'app/'],
  agenda: ['scheduler/'],
  '@agendajs/mongo-backend': ['scheduler/', 'app/'],
  mongodb: ['persistence/mongo/', 'persistence/open.ts', 'scheduler/', 'bench/'],
  libsql: ['persistence/embedded/driver.ts', 'persistence/embedded/lock.ts'],
  // The benchmark measures us beside bare XState.
  xstate: ['machines/', 'actors/', 'bench/'],
  hono: ['http/', 'web/', 'twins/', 'cli/', 'app/', 'bench/'],
  '@hono/zod-openapi': ['http/'],
  pino: ['app/log.ts'],
}

/** What only one place may do. */
const words: readonly { pattern: RegExp; only: readonly string[] }[] = [
  // A command hands the environment to `config.ts`, and reads nothing of it.
  { pattern: /\bprocess\.env\b/, only: ['app/config.ts', 'cli/', 'bench/'] },
  { pattern: /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/, only: ['scheduler/clock.ts'] },
]

interface Source {
  readonly file: string
  readonly text: string
  readonly imports: readonly string[]
}

const skipped = new Set(['node_modules', 'dist', '.git', '.tenure', '.ci', 'docs'])

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return []
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) return filesUnder(full)
    return /\.tsx?$/.test(entry.name) ? [path.relative(root, full)] : []
  })
}

const sources: readonly Source[] = filesUnder(root).map((file) => {
  const text = readFileSync(path.join(root, file), 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
  return { file, text, imports: [...found].map(([, name]) => name ?? '') }
})

/** Tests and what only they use: `x.test.ts`, `x-fixture.ts`, `test/`. */
function isTest(file: string): boolean {
  return file.startsWith('test/') || /(\.test|-fixture)\.tsx?$/.test(file)
}

function homeOf(file: string): string {
  return file.split('/')[0] ?? file
}

function isAllowed(from: string, to: string): boolean {
  const [home, other] = [homeOf(from), homeOf(to)]
  if (home === other || free.has(home) || arrows[home]?.includes(other)) return true
  return exceptions.some((one) => from.startsWith(one.from) && to.startsWith(one.to))
}

/**
 * The files of each circle of imports, found by leaving out whatever imports nothing that is left.
 */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(graph)
  for (let size = -1; size !== left.size;) {
    size = left.size
    for (const [file, tos] of left) if (!tos.some((to) => left.has(to))) left.delete(file)
  }
  // What only leads into a circle is not of it.
  for (let size = -1; size !== left.size;) {
    size = left.size
    const reached = new Set([...left.values()].flat())
    for (const file of left.keys()) if (!reached.has(file)) left.delete(file)
  }
  return [...left.keys()]
}

const ours = sources.filter(({ file }) => !isTest(file))

describe('imports follow the arrows', () => {
  test('between the folders of the project', () => {
    const wrong = ours.flatMap(({ file, imports }) =>
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => path.relative(root, path.resolve(root, path.dirname(file), name)))
        .filter((to) => !isAllowed(file, to))
        .map((to) => `${file} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  test('and neighbours that are to be strangers are', () => {
    const met = ours.flatMap(({ file, imports }) =>
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => path.relative(root, path.resolve(root, path.dirname(file), name)))
        .filter((to) =>
          strangers.some(
            ([a, b]) =>
              (file.startsWith(a) && to.startsWith(b)) || (file.startsWith(b) && to.startsWith(a)),
          ),
        )
        .map((to) => `${file} imports ${to}`),
    )
    expect(met).toEqual([])
  })

  test('and the folders of a room stand in one order', () => {
    const wrong = ours.flatMap(({ file, imports }) => {
      const from = path.dirname(file)
      const allowed = inner[from]
      if (allowed === undefined) return []
      return imports
        .filter((name) => name.startsWith('.'))
        .map((name) => path.relative(root, path.resolve(root, from, name)))
        .filter((to) => {
          const folder = path.dirname(to)
          return (
            homeOf(to) === homeOf(file) &&
            folder !== from &&
            folder in inner &&
            !allowed.includes(folder)
          )
        })
        .map((to) => `${file} imports ${to}`)
    })
    expect(wrong).toEqual([])
  })

  test('and every arrow is used', () => {
    const used = new Set(
      ours.flatMap(({ file, imports }) =>
        imports
          .filter((name) => name.startsWith('.'))
          .map((name) => path.relative(root, path.resolve(root, path.dirname(file), name)))
          .map((to) => `${homeOf(file)} → ${homeOf(to)}`),
      ),
    )
    const all = Object.entries(arrows).flatMap(([from, tos]) => tos.map((to) => `${from} → ${to}`))
    expect(all.filter((arrow) => !used.has(arrow))).toEqual([])
  })

  test('and no imports go round in a circle', () => {
    const graph = new Map(
      ours.map(({ file, imports }) => [
        file,
        imports
          .filter((name) => name.startsWith('.'))
          .map((name) => path.relative(root, path.resolve(root, path.dirname(file), name))),
      ]),
    )
    expect(circlesIn(graph)).toEqual([])
  })

  test('and every folder of code has arrows', () => {
    const homes = new Set(ours.map(({ file }) => homeOf(file)))
    expect([...homes].filter((home) => !(home in arrows) && !free.has(home))).toEqual([])
  })

  test.each(Object.entries(packages))('%s is imported in %j alone', (name, places) => {
    const wrong = ours
      .filter(({ imports }) => imports.some((one) => one === name || one.startsWith(`${name}/`)))
      .filter(({ file }) => !places.some((place) => file.startsWith(place)))
    expect(wrong.map(({ file }) => file)).toEqual([])
  })

  test.each(words)('$pattern stands in $only alone', ({ pattern, only }) => {
    const wrong = ours.filter(
      ({ file, text }) => pattern.test(text) && !only.some((place) => file.startsWith(place)),
    )
    expect(wrong.map(({ file }) => file)).toEqual([])
  })

  test('and every exception is needed', () => {
    const idle = exceptions.filter(
      ({ from, to }) =>
        !ours.some(
          ({ file, imports }) =>
            file.startsWith(from) &&
            imports.some((name) =>
              path.relative(root, path.resolve(root, path.dirname(file), name)).startsWith(to),
            ),
        ),
    )
    expect(idle).toEqual([])
  })
})
