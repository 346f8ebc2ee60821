import { plusDays } from '../values/instant.ts'
import type { Home } from './homes.ts'
import type { Part } from './part.ts'
import { openBenchSystem } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
import { subscribe } from './subscribers.ts'
import { beginsAt } from './workloads.ts'

/** The second renewal of one subscriber: the first may still have to do with how it began. */
async function renewalOf(home: Home, collection: 'provider' | 'platform') {
  const system = openBenchSystem(home.store)
  await subscribe(system, { plan: 'pro_monthly', collection, count: 1 })
  await system.advanceTo(plusDays(beginsAt, 45))
  const before = { entries: system.entries(), bytes: await home.journalBytes() }
  const known = system.commonest()
  await system.advanceTo(plusDays(beginsAt, 75))
  const entries = system.entries() - before.entries
  const bytes = (await home.journalBytes()) - before.bytes
  const told = [...system.commonest()].flatMap(([what, count]) => {
    const more = count - (known.get(what) ?? 0)
    return more === 0 ? [] : [`${more} ${what}`]
  })
  await system.stop()
  return { entries, bytes, told }
}

export const renewal: Part = {
  name: 'renewal',
  about: 'what an ordinary renewal writes',
  async run({ homes, withHome }) {
    const rows: string[][] = []
    const lines: string[] = []
    for (const name of homes) {
      for (const collection of ['provider', 'platform'] as const) {
        const { entries, bytes, told } = await withHome(name, (home) => renewalOf(home, collection))
        rows.push([name, collection, whole(entries), whole(bytes)])
        if (name === homes[0]) lines.push(`  ${collection}: ${told.join(', ')}`)
      }
    }
    printTitle('one renewal: journal entries, and the bytes of their documents')
    printTable(['store', 'collected by', 'entries', 'bytes'], rows)
    process.stdout.write(`${lines.join('\n')}\n`)
  },
}
