import { parseArgs } from 'node:util'
import { measureReads } from './entitlements.ts'
import { openFileHome, openMongoHome } from './homes.ts'
import { measureIngest } from './ingest.ts'
import { measureThroughput } from './throughput.ts'
import { measureYear } from './year.ts'

const usage = `npm run bench -- [options]

  --rounds <n>        rounds that count, after one that warms up (5)
  --events <n>        events of a round (4000)
  --only <part>       throughput, ingest, reads or year
  --year              the simulated year as well, which takes minutes
  --subscribers <n>   of that year (1000)
  --days <n>          of that year (365)

The embedded file is always measured; MongoDB where MONGODB_URI says where it is.
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '4000' },
    only: { type: 'string' },
    year: { type: 'boolean', default: false },
    subscribers: { type: 'string', default: '1000' },
    days: { type: 'string', default: '365' },
    help: { type: 'boolean', default: false },
  },
})

async function run(): Promise<void> {
  const [rounds, events] = [Number(values.rounds), Number(values.events)]
  const wants = (part: string) => (values.only ?? part) === part
  const uri = process.env['MONGODB_URI'] ?? ''
  const home = await openFileHome()
  const homes = [home, ...(uri === '' ? [] : [await openMongoHome(uri)])]
  try {
    if (wants('throughput')) await measureThroughput({ homes, rounds, events })
    if (wants('ingest')) await measureIngest({ homes, rounds, events: Math.ceil(events / 2) })
    if (wants('reads')) await measureReads({ home, rounds })
    if (values.year || values.only === 'year') {
      const [subscribers, days] = [Number(values.subscribers), Number(values.days)]
      await measureYear({ home, subscribers, days })
    }
  } finally {
    for (const one of homes) await one.remove()
  }
}

if (values.help) process.stdout.write(usage)
else await run()
