import { parseArgs } from 'node:util'
import { crowd } from './crowd.ts'
import { growth } from './growth.ts'
import { openFileHome, openMongoHome } from './homes.ts'
import { ingest } from './ingest.ts'
import { night } from './night.ts'
import type { Ground, Part } from './part.ts'
import { reads } from './reads.ts'
import { renewal } from './renewal.ts'
import { commit, deliver, single } from './throughput.ts'
import { webhook } from './webhook.ts'
import { year } from './year.ts'

const parts: readonly Part[] = [
  renewal,
  webhook,
  growth,
  commit,
  deliver,
  single,
  ingest,
  reads,
  crowd,
  year,
  night,
]

const usage = `npm run bench -- [options]

  --only <names>      these parts alone, joined by commas:
${parts.map(({ name, about }) => `                        ${name.padEnd(9)} ${about}`).join('\n')}
  --store <name>      embedded or mongo alone
  --rounds <n>        rounds that count, after one that warms up (3)
  --events <n>        events of a round (4000)
  --subscribers <n>   of the year (100)
  --days <n>          of the year (365)
  --renewals <n>      of the night (1000)

The embedded file is measured, and MongoDB where MONGODB_URI says where it is.
`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    store: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '4000' },
    subscribers: { type: 'string', default: '100' },
    days: { type: 'string', default: '365' },
    renewals: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
})

function groundOf(uri: string): Ground {
  const homes = (['embedded', 'mongo'] as const).filter(
    (name) => (name === 'embedded' || uri !== '') && (values.store ?? name) === name,
  )
  return {
    homes,
    async withHome(name, work) {
      const home = await (name === 'embedded' ? openFileHome() : openMongoHome(uri))
      try {
        return await work(home)
      } finally {
        await home.remove()
      }
    },
    options: {
      rounds: Number(values.rounds),
      events: Number(values.events),
      subscribers: Number(values.subscribers),
      days: Number(values.days),
      renewals: Number(values.renewals),
    },
  }
}

async function run(): Promise<void> {
  const wanted = values.only?.split(',') ?? parts.map(({ name }) => name)
  const unknown = wanted.filter((name) => !parts.some((part) => part.name === name))
  if (unknown.length > 0) throw new RangeError(`there is no part ${unknown.join(', ')}`)
  const ground = groundOf(process.env['MONGODB_URI'] ?? '')
  for (const part of parts) {
    if (!wanted.includes(part.name)) continue
    const from = performance.now()
    await part.run(ground)
    const seconds = ((performance.now() - from) / 1_000).toFixed(0)
    process.stdout.write(`  (${part.name} took ${seconds} s in all)\n`)
  }
}

if (values.help) process.stdout.write(usage)
else await run()
