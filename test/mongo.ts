import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `test/mongo-setup.ts` found or started a MongoDB; null if there is none. */
    mongodbUri: string | null
  }
}

/**
 * The MongoDB that tests may use, or null: `MONGODB_URI`, else what `test/mongo-setup.ts` started.
 * Use a database of your own (`inDatabase`) and drop it.
 */
export async function mongoForTests(): Promise<{ uri: string } | null> {
  const uri = process.env['MONGODB_URI'] ?? inject('mongodbUri') ?? ''
  return uri === '' ? null : { uri }
}

/** The same servers and options, another database. */
export function inDatabase(uri: string, database: string): string {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(uri)
  if (parts === null) throw new RangeError(`MONGODB_URI is no address of a MongoDB: ${uri}`)
  return `${parts[1]}/${database}${parts[2] ?? ''}`
}
