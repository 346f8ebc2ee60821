import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Program {
  /** Starts it with this job; each line that it writes is one item. */
  start(job: object): ChildProcess
  remove(): Promise<void>
}

export interface ChildProcess {
  readonly lines: AsyncIterable<unknown>
  kill(): void
  /** How it ended: the signal, or null if it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>
}

/** Compiles `store-child.ts`, because a child process reads no TypeScript. */
export async function buildChild(): Promise<Program> {
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'store-child-'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const options =
    `--ignoreConfig --noCheck --skipLibCheck --rewriteRelativeImportExtensions --types node
    --module nodenext --target es2023
    --lib es2023,esnext.disposable,esnext.iterator,esnext.collection
    --rootDir . test/contract/store-child.ts persistence/embedded/checkpoints/thread.ts`.split(
      /\s+/,
    )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, ...options, '--outDir', folder], { cwd: root })
  const script = join(folder, 'test', 'contract', 'store-child.js')
  return {
    start: (job) => start(script, job),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

function start(script: string, job: object): ChildProcess {
  const child = spawn(process.execPath, [script, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_code, signal) => {
      resolve(signal)
    })
  })
  return { lines: parsed(createInterface(child.stdout)), kill: () => child.kill('SIGKILL'), ended }
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator {
  for await (const line of lines) yield JSON.parse(line)
}
