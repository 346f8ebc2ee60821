import { openStore, type StoreLocation } from '../../persistence/open.ts'
import { commit, posting, row, tracking } from './store-given.ts'

// A process of its own over a store, for what only processes can show: `node store-child.js <job as
// JSON>`. It writes one JSON line for each thing that it was told is so.

interface Job extends StoreLocation {
  readonly work: 'open' | 'append' | 'race'
  readonly name: string
}

function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'work' in value && 'path' in value
}

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

const job: unknown = JSON.parse(process.argv[2] ?? 'null')
if (!isJob(job)) throw new RangeError('the first argument is the job as JSON')
const { work, name, ...location } = job

try {
  const store = tracking((await openStore(location)).store, new Map())
  say({ opened: process.pid })
  if (work === 'append') {
    // Until it is killed: groups of three actors, each entry with effects and rows.
    for (let seq = 1; ; seq += 1) {
      const group = ['a', 'b', 'c'].map((id) =>
        commit({
          actor: `counter/${name}-${id}`,
          seq,
          effects: 2,
          rows: [row('latest', `${name}-${id}`, { seq }), posting('each', `${name}-${id}#${seq}`)],
        }),
      )
      const answers = await store.append(group)
      for (const [place, answer] of answers.entries()) {
        say({ actor: group[place]?.entry.actor, seq, outcome: answer.outcome })
      }
    }
  }
  if (work === 'race') {
    // Appends after the head that it reads, against others who do the same.
    for (let n = 1; n <= 20;) {
      const seq = ((await store.head('counter/raced'))?.seq ?? 0) + 1
      const one = commit({ actor: 'counter/raced', seq, envelopeId: `${name}-${n}` })
      const [answer] = await store.append([one])
      if (answer?.outcome === 'committed') say({ seq, id: `${name}-${n}` })
      if (answer?.outcome !== 'conflict') n += 1
    }
  }
  await store.close()
} catch (error) {
  if (!(error instanceof Error)) throw error
  say({ code: 'code' in error ? error.code : null, message: error.message })
}
