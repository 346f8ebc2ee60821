import { MongoMemoryReplSet } from 'mongodb-memory-server-core'
import { DryMongoBinary } from 'mongodb-memory-server-core/lib/util/DryMongoBinary.js'
import type { TestProject } from 'vitest/node'

// Finds a MongoDB once for all test files: `MONGODB_URI`; else a mongod that is on this machine
// (`MONGOMS_SYSTEM_BINARY`, or one that was downloaded before), started as a replica set; else,
// only if TENURE_TEST_DOWNLOAD=1 allows it, one that is downloaded now. Without any the MongoDB
// half is not run.

const notRun = `
MongoDB: none found, so the MongoDB half of the store's tests is not run. To run it, set one of
  MONGODB_URI=mongodb://…                 a replica set, in which the tests make and drop databases
  MONGOMS_SYSTEM_BINARY=/path/to/mongod   a mongod of this machine
  TENURE_TEST_DOWNLOAD=1                  downloads a mongod once (about 100 MB)
`

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['MONGODB_URI'] ?? ''
  if (given !== '') {
    project.provide('mongodbUri', given)
    return undefined
  }
  if (!(await mayStart())) {
    project.provide('mongodbUri', null)
    process.stdout.write(notRun)
    return undefined
  }
  const servers = await MongoMemoryReplSet.create({ replSet: { count: 1 } })
  project.provide('mongodbUri', servers.getUri())
  return async () => {
    await servers.stop()
  }
}

async function mayStart(): Promise<boolean> {
  if (process.env['TENURE_TEST_DOWNLOAD'] === '1') return true
  // Looks for a binary without downloading one, which would take seconds to fail and say so at
  // length.
  const options = await DryMongoBinary.generateOptions()
  const binary = await DryMongoBinary.locateBinary(options).catch(() => undefined)
  return binary !== undefined
}
