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

/** `tenure serve` on its sandbox, as a process of its own. */
export interface LoadedServer {
  readonly url: string
  readonly stripeUrl: string
  readonly secrets: z.infer<typeof Secrets>
  stop(): Promise<void>
}

export async function startServer(port: number): Promise<LoadedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenure-load-'))
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url))
  const env = { ...process.env, PORT: String(port), TENURE_DATA: folder, LOG_LEVEL: 'error' }
  const server = spawn(process.execPath, [main, 'serve'], { env, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await ready(server, url)
  return {
    url,
    stripeUrl: `http://127.0.0.1:${port + 1}`,
    secrets: Secrets.parse(JSON.parse(await readFile(join(folder, 'sandbox.json'), 'utf8'))),
    async stop() {
      const ended = once(server, 'exit')
      server.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ready(server: ChildProcess, url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (server.exitCode !== null) throw new Error('the server did not start: is its port free?')
    if (answer?.ok) return
    await pause(200)
  }
}
