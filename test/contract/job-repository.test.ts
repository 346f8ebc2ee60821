import { randomUUID } from 'node:crypto'
import { MongoBackend } from '@agendajs/mongo-backend'
import { MongoClient } from 'mongodb'
import { openDatabase } from '../../persistence/embedded/driver.ts'
import { systemClock } from '../../scheduler/clock.ts'
import { createEmbeddedBackend } from '../../scheduler/embedded-backend.ts'
import { type JobStorage, jobRepositoryContract } from './job-repository.ts'

jobRepositoryContract('the embedded file', async (): Promise<JobStorage> => {
  const database = openDatabase(':memory:')
  return {
    async connect() {
      const backend = createEmbeddedBackend({ database, clock: systemClock() })
      await backend.connect()
      return backend
    },
    close() {
      database.close()
      return Promise.resolve()
    },
  }
})

const mongo = process.env['MONGODB_URI'] ? { uri: process.env['MONGODB_URI'] } : null
if (mongo) {
  jobRepositoryContract('MongoDB', async (): Promise<JobStorage> => {
    const client = await MongoClient.connect(mongo.uri)
    const db = client.db(`tenure_jobs_${randomUUID().slice(0, 8)}`)
    return {
      async connect() {
        const backend = new MongoBackend({ mongo: db })
        await backend.connect()
        return backend
      },
      async close() {
        await db.dropDatabase()
        await client.close()
      },
    }
  })
}
