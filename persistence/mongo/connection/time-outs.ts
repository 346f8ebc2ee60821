import type { MongoClientOptions } from 'mongodb'

// Nobody waits longer for the database than whoever waits for us: the time-outs of HTTP are longer
// than these (`http/limits.ts`, `answerMs`). What the driver calls `timeoutMS` has no effect in its
// release 7.9.

/**
 * `serving` for a process that people wait for; `upkeep` for a command that reads and writes
 * everything.
 */
export type Patience = 'serving' | 'upkeep'

const serving = {
  // A failover takes about this long; who comes meanwhile is answered 503 and comes again.
  serverSelectionTimeoutMS: 4_000,
  connectTimeoutMS: 3_000,
  // No answer of the server's, or no byte that it takes, for as long.
  socketTimeoutMS: 10_000,
  // For a connection of the pool.
  waitQueueTimeoutMS: 4_000,
  // A process does one group of writes at a time; reads of many requests run beside it.
  maxPoolSize: 50,
} as const satisfies MongoClientOptions

const upkeep = { ...serving, socketTimeoutMS: 600_000 } as const satisfies MongoClientOptions

/** What the address sets otherwise stays as it says. */
export function timeOutsBeside(uri: string, patience: Patience): MongoClientOptions {
  const given = new Set(optionsIn(uri))
  const all = patience === 'serving' ? serving : upkeep
  return Object.fromEntries(Object.entries(all).filter(([name]) => !given.has(name.toLowerCase())))
}

function optionsIn(uri: string): string[] {
  const query = /\?(.*)$/.exec(uri)?.[1] ?? ''
  return [...new URLSearchParams(query).keys()].map((name) => name.toLowerCase())
}
