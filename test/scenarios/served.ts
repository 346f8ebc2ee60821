import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `tenure serve`, compiled, as a process of its own over one folder of data. */
export interface Program {
  /** Starts it over what the process before left; resolves when it answers. */
  start(): Promise<RunningProgram>
  remove(): Promise<void>
}

export interface RunningProgram {
  readonly url: string
  /** API keys by their role. */
  readonly keys: Readonly<Record<string, string>>
  /** Resolves when so many more decisions of actors are committed. */
  decided(count: number): Promise<void>
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
}

/** Compiles the program into a folder of its own, with an empty folder for its data. */
export async function buildProgram(): Promise<Program> {
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'served-'))
  const out = join(folder, 'out')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const options = ['-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', out]
  const buildInfo = ['--tsBuildInfoFile', join(folder, 'info')]
  await promisify(execFile)(process.execPath, [tsc, ...options, ...buildInfo], { cwd: root })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    start: () => start(join(out, 'cli', 'main.js'), join(folder, 'data')),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

async function start(script: string, data: string): Promise<RunningProgram> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [script, 'serve'], {
    cwd: root,
    env: { PATH, PORT: '0', TENURE_DATA: data, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'close')
  let url = ''
  const keys: Record<string, string> = {}
  let decisions = 0
  const waiting = new Map<() => void, number>()

  function read(line: string): void {
    if (line.includes('"event":"actor.decided"')) decisions += 1
    for (const [tell, count] of waiting) {
      if (decisions < count) continue
      waiting.delete(tell)
      tell()
    }
    const [, word = '', value = ''] = /^\s*(\w+)\s+(\S+)/.exec(line) ?? []
    if (word === 'Tenure') url = value
    if (['dashboard', 'admin', 'service'].includes(word)) keys[word] = value
  }

  const lines = createInterface(child.stdout)
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      read(line)
      if ('service' in keys) resolve()
    })
    lines.once('close', resolve)
  })
  return {
    url,
    keys,
    decided: (count) =>
      new Promise((resolve) => {
        waiting.set(resolve, decisions + count)
      }),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
