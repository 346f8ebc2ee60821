import { today } from '../app/compose.ts'
import { isActorRef } from '../values/ids.ts'
import type { CommandLine } from './command-line.ts'
import { openHome } from './open-home.ts'

/** Prints an actor's state, and its journal a line an entry. */
export async function show({ rest }: CommandLine): Promise<number> {
  const [ref] = rest
  if (!isActorRef(ref)) {
    process.stderr.write('tenure show <type>/<id>, such as account/acct_…\n')
    return 2
  }
  const { store } = await openHome()
  try {
    const head = await store.head(ref)
    if (!head) {
      process.stderr.write(`there is no ${ref}\n`)
      return 1
    }
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof store.history>> = await store.history(ref, {
        cursor,
        limit: 500,
      })
      for (const { seq, envelope, changed, effects } of page.items) {
        const asked = effects.map((effect) => effect.kind).join(', ')
        const led = changed ? asked : 'changed nothing'
        process.stdout.write(
          `${String(seq).padStart(5)}  ${envelope.occurredAt}  ${envelope.event.type.padEnd(28)} ${envelope.principal.padEnd(24)} ${led}\n`,
        )
      }
      cursor = page.cursor
    } while (cursor !== null)
    process.stdout.write(`${JSON.stringify(today.read(head).snapshot.state, null, 2)}\n`)
    return 0
  } finally {
    await store.close()
  }
}
