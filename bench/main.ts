import { parseArgs } from 'node:util'
import { openFileHome, openMongoHome } from './homes.ts'
import { measureThroughput } from './throughput.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '4000' },
  },
})

const uri = process.env['MONGODB_URI'] ?? ''
const homes = [await openFileHome(), ...(uri === '' ? [] : [await openMongoHome(uri)])]
try {
  await measureThroughput({ homes, rounds: Number(values.rounds), events: Number(values.events) })
} finally {
  for (const home of homes) await home.remove()
}
