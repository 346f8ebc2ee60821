import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

// Who may import whom: the arrows of docs/architecture.md.

const root = path.resolve(import.meta.dirname, '..')

/** A folder, or a file at the root, to the folders it may import from beside itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  actors: ['machines'],
  persistence: ['actors', 'machines'],
  scheduler: ['actors', 'machines'],
  providers: ['actors', 'machines'],
  http: ['actors', 'machines'],
  web: ['actors', 'machines'],
  client: [],
  'config.ts': ['machines', 'actors'],
  'log.ts': ['actors'],
}

/** Everything may be named by what puts it together, and by what tests or measures it. */
const free: ReadonlySet<string> = new Set([
  'cli',
  'bench',
  'test',
  'compose.ts',
  'platform.ts',
  'sandbox.ts',
  'vitest.config.ts',
])

/** Each with its reason; none is silent. */
const exceptions: readonly { from: string; to: string; why: string }[] = [
  {
    from: 'scheduler/embedded-',
    to: 'persistence/embedded/',
    why: 'Agenda’s rows live in the same file as the journal, behind the one driver',
  },
  {
    from: 'config.ts',
    to: 'http/',
    why: 'what a key and a limit of the API are is said there; this reads them from the environment',
  },
  {
    from: 'providers/sandbox/home.ts',
    to: 'scheduler/clock.ts',
    why: 'the sandbox moves the one clock of the platform, and begins where it was left',
  },
]

/** A package to where alone it may be imported. */
const packages: Readonly<Record<string, readonly string[]>> = {
  stripe: ['providers/stripe/', 'providers/sandbox/', 'compose.ts'],
  agenda: ['scheduler/'],
  '@agendajs/mongo-backend': ['scheduler/', 'platform.ts'],
  mongodb: ['persistence/mongo/', 'persistence/open.ts', 'scheduler/'],
  libsql: ['persistence/embedded/driver.ts', 'persistence/embedded/lock.ts'],
  // The benchmark measures us beside bare XState.
  xstate: ['machines/', 'actors/', 'bench/'],
  hono: ['http/', 'web/', 'providers/sandbox/', 'cli/', 'compose.ts'],
  '@hono/zod-openapi': ['http/'],
  pino: ['log.ts'],
}

/** What only one place may do. */
const words: readonly { pattern: RegExp; only: readonly string[] }[] = [
  // A command hands the environment to `config.ts`, and reads nothing of it.
  { pattern: /\bprocess\.env\b/, only: ['config.ts', 'cli/', 'bench/'] },
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

/** Tests and what only they use: `x.test.ts`, `x-fixture.ts`, `http/testing/`. */
function isTest(file: string): boolean {
  return (
    file.startsWith('test/') || file.includes('/testing/') || /(\.test|-fixture)\.tsx?$/.test(file)
  )
}

function homeOf(file: string): string {
  return file.split('/')[0] ?? file
}

function isAllowed(from: string, to: string): boolean {
  const [home, other] = [homeOf(from), homeOf(to)]
  if (home === other || free.has(home) || arrows[home]?.includes(other)) return true
  return exceptions.some((one) => from.startsWith(one.from) && to.startsWith(one.to))
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
