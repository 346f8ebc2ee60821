import { project } from '../app/compose.ts'
import { openHome } from './open-home.ts'

/** Rebuilds every view from the journal. Nothing else may run on the store meanwhile. */
export async function rebuild(): Promise<number> {
  const { store } = await openHome()
  try {
    await store.rebuild(project, (actorsDone) => {
      process.stdout.write(`\r${actorsDone} actors`)
    })
    process.stdout.write('\ndone\n')
    return 0
  } finally {
    await store.close()
  }
}
