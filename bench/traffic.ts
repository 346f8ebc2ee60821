import type { MongoClient } from 'mongodb'

/** What the driver has sent: commands, each a round trip, and documents that they changed. */
export interface Traffic {
  readonly roundTrips: number
  readonly documents: number
}

/** Not ours: the driver asks these of every server, all the time. */
const housekeeping = new Set(['hello', 'ismaster', 'ping', 'endSessions', 'getMore'])

/** Counts from now on. The client must have been made with `monitorCommands`. */
export function watchTraffic(client: MongoClient): () => Traffic {
  let roundTrips = 0
  let documents = 0
  client.on('commandSucceeded', ({ commandName, reply }) => {
    if (housekeeping.has(commandName)) return
    roundTrips += 1
    documents += changedBy(commandName, reply)
  })
  return () => ({ roundTrips, documents })
}

function changedBy(command: string, reply: unknown): number {
  if (typeof reply !== 'object' || reply === null) return 0
  const number = (name: string) => Number(Reflect.get(reply, name) ?? 0)
  switch (command) {
    case 'insert':
    case 'delete':
      return number('n')
    case 'update': {
      const upserted: unknown = Reflect.get(reply, 'upserted')
      return number('nModified') + (Array.isArray(upserted) ? upserted.length : 0)
    }
    case 'bulkWrite':
      return number('nInserted') + number('nModified') + number('nUpserted') + number('nDeleted')
    case 'findAndModify':
      return Reflect.get(reply, 'value') === null ? 0 : 1
    default:
      return 0
  }
}
