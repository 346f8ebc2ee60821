import { join } from 'node:path'
import { prepareDataFolder, readConfig, type Config } from '../app/config.ts'
import { dictionaries } from '../app/dictionaries.ts'
import { openStore, type OpenedStore } from '../persistence/open.ts'

/** The store of the environment, for a command that works on it alone. */
export async function openHome(config: Config = readConfig(process.env)): Promise<OpenedStore> {
  prepareDataFolder(config)
  return await openStore({
    mongodbUri: config.store.kind === 'mongo' ? config.store.uri : null,
    path: join(config.dataFolder, 'tenure.db'),
    dictionaries,
    patience: 'upkeep',
  })
}
