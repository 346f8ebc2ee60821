import { project } from '../app/compose.ts'
import { dictionaries } from '../app/dictionaries.ts'
import { copyStore } from '../persistence/copy.ts'
import { openStore } from '../persistence/open.ts'
import type { CommandLine } from './command-line.ts'
import { openHome } from './open-home.ts'

/**
 * Copies the store of the environment into an empty one. Nothing else may run on either meanwhile.
 */
export async function migrate({ to }: CommandLine): Promise<number> {
  if (to === null) {
    process.stderr.write('tenure migrate --to <mongodb://… or the path of a new file>\n')
    return 2
  }
  const from = await openHome()
  try {
    const isUri = /^mongodb(\+srv)?:\/\//.test(to)
    const target = await openStore({
      mongodbUri: isUri ? to : null,
      path: to,
      dictionaries,
      patience: 'upkeep',
    })
    try {
      const copied = await copyStore({
        from,
        to: target,
        project,
        progress: ({ entries }) => process.stdout.write(`\r${entries} entries`),
      })
      const identity = await from.identity()
      if (identity !== null) await target.belongTo(identity)
      process.stdout.write(
        `\ncopied ${copied.entries} entries, ${copied.parked} parked, ${copied.requests} keyed requests\n`,
      )
      return 0
    } finally {
      await target.store.close()
    }
  } finally {
    await from.store.close()
  }
}
