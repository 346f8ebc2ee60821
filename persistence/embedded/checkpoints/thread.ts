import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from '../driver.ts'

// The thread of `checkpoints.ts`: moves pages of the log into the file, those that no reader needs,
// and stops nobody from writing meanwhile.

if (parentPort === null || typeof workerData !== 'string') {
  throw new TypeError('this script is a thread of checkpoints.ts')
}
const port = parentPort
const database = openDatabase(workerData)

port.on('message', (message) => {
  if (message === 'close') {
    database.close()
    port.close()
    return
  }
  try {
    database.all('PRAGMA wal_checkpoint(PASSIVE)')
  } catch {
    // What is not moved now is moved by the next, or at the latest when the file is opened again.
  }
  port.postMessage('done')
})
