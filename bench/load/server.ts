import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const Secrets = z.object({
  keys: z.object({ admin: z.string(), dashboard: z.string() }),
  stripeSecretKey: z.string(),
  stripeWebhookSecret: z.string(),
})

/** `tenure serve` on its sandbox, as a process of its own over one folder of data. */
export interface LoadedServer {
  readonly url: string
  readonly stripeUrl: string
  readonly secrets: z.infer<typeof Secrets>
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again over what is there; resolves when it is ready, with how long that took. */
  restart(): Promise<{ readonly readyMs: number }>
  /** Stops it as an operator does, and removes its folder. Says how it ended. */
  stop(): Promise<{ readonly exitCode: number | null; readonly tookMs: number }>
}

/** `mongodbUri`: where its journal is; null for the embedded file. */
export async function startServer(port: number, mongodbUri: string | null): Promise<LoadedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenure-load-'))
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url))
  const env = {
    ...process.env,
    MONGODB_URI: mongodbUri ?? '',
    PORT: String(port),
    TENURE_DATA: folder,
    LOG_LEVEL: 'error',
  }
  const url = `http://127.0.0.1:${port}`
  const begin = () => spawn(process.execPath, [main, 'serve'], { env, stdio: 'ignore' })
  let server = begin()
  await ready(server, url)

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }

  return {
    url,
    stripeUrl: `http://127.0.0.1:${port + 1}`,
    secrets: Secrets.parse(JSON.parse(await readFile(join(folder, 'sandbox.json'), 'utf8'))),
    kill: () => end('SIGKILL'),
    async restart() {
      const beganMs = performance.now()
      server = begin()
      await ready(server, url)
      return { readyMs: performance.now() - beganMs }
    },
    async stop() {
      const beganMs = performance.now()
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
      return { exitCode: server.exitCode, tookMs: performance.now() - beganMs }
    },
  }
}

async function ready(server: ChildProcess, url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (server.exitCode !== null) throw new Error('the server did not start: is its port free?')
    if (answer?.ok) return
    await pause(100)
  }
}

const List = z.object({ data: z.array(z.unknown()) })

/** How much is parked, up to a page. */
export async function parkedAt({ url, secrets }: LoadedServer): Promise<number> {
  const headers = { authorization: `Bearer ${secrets.keys.admin}` }
  const answer = await fetch(`${url}/admin/parked`, { headers })
  return List.parse(await answer.json()).data.length
}
