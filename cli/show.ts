import { today } from '../app/compose.ts'
import type { Entry } from '../actors/journal/journal.ts'
import type { Store } from '../actors/ports.ts'
import { isActorRef, type ActorRef } from '../values/ids.ts'
import type { CommandLine } from './command-line.ts'
import { openHome } from './open-home.ts'

/** Prints an actor's state, and its journal a line an entry; or one entry, all of it. */
export async function show({ rest }: CommandLine, open = openHome): Promise<number> {
  const [ref, seq = null] = rest
  if (!isActorRef(ref)) {
    process.stderr.write('tenure show <type>/<id> [<seq>], such as account/acct_…\n')
    return 2
  }
  const { store } = await open()
  try {
    const found = seq === null ? await store.head(ref) : await store.entry(ref, Number(seq))
    if (found === null) {
      process.stderr.write(seq === null ? `there is no ${ref}\n` : `${ref} has no entry ${seq}\n`)
      return 1
    }
    if (seq === null) await printJournal(store, ref)
    print(seq === null ? today.read(found).snapshot.state : found)
    return 0
  } finally {
    await store.close()
  }
}

async function printJournal(store: Store, ref: ActorRef): Promise<void> {
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof store.history>> = await store.history(ref, {
      cursor,
      limit: 500,
    })
    for (const entry of page.items) process.stdout.write(`${lineOf(entry)}\n`)
    cursor = page.cursor
  } while (cursor !== null)
}

function lineOf({ seq, envelope, changed, effects }: Entry): string {
  const asked = effects.map((effect) => effect.kind).join(', ')
  const led = changed ? asked : 'changed nothing'
  const { occurredAt, event, principal } = envelope
  const who = `${event.type.padEnd(28)} ${principal.padEnd(24)}`
  return `${String(seq).padStart(5)}  ${occurredAt}  ${who} ${led}`
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
