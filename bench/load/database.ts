import { MongoClient } from 'mongodb'

/** A database of its own at the MongoDB that the environment names. */
export interface LoadedDatabase {
  readonly uri: string
  readonly server: { readonly host: string; readonly port: number }
  /** The same, reached at this port of this machine alone. */
  through(port: number): string
  drop(): Promise<void>
}

/** Null for the empty address: the embedded file. */
export function databaseOf(address: string): LoadedDatabase | null {
  if (address === '') return null
  const parts = /^(mongodb:\/\/(?:[^@/?]*@)?)([^:,/?]+)(?::(\d+))?(?:\/[^?]*)?(\?.*)?$/.exec(
    address,
  )
  if (parts === null) throw new RangeError('MONGODB_URI is to name one server, by mongodb://')
  const [, scheme = '', host = '', port = '27017', query = '?'] = parts
  const name = `tenure_load_${process.pid}`
  const uri = `${scheme}${host}:${port}/${name}${query}`
  return {
    uri,
    server: { host, port: Number(port) },
    through: (near) => `${scheme}127.0.0.1:${near}/${name}?directConnection=true`,
    async drop() {
      const client = new MongoClient(uri)
      await client.db(name).dropDatabase()
      await client.close()
    },
  }
}
