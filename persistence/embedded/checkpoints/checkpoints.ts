import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Database } from '../driver.ts'

// Commits append to the write-ahead log; a checkpoint moves its pages into the file and waits for
// the disk. That takes 15 ms and more for each thousand pages, so a thread with a connection of
// its own does it beside the commits. SQLite itself checkpoints in a commit only once the log has
// reached `logPages`: that bounds the log, and finds little left to move.

/** 32 MB. */
const logPages = 8000

/** A changed row costs the log about a page. */
const changesBetween = 1000

export interface Checkpoints {
  /** To be called after each commit. */
  afterCommit(): void
  /** Ends the thread. */
  close(): void
}

export function createCheckpoints(database: Database, file: string | null): Checkpoints {
  database.exec(`PRAGMA wal_autocheckpoint = ${logPages}`)
  let thread: Worker | null = null
  // In memory there is no log, and sources that were not compiled have no script for a thread.
  let isPossible = file !== null && existsSync(fileURLToPath(script))
  let isBusy = false
  let changesSeen = 0

  const begin = (): Worker => {
    const begun = new Worker(script, { workerData: file })
    begun.unref()
    begun.on('message', () => {
      isBusy = false
    })
    // Without it SQLite does all by itself.
    begun.on('error', () => {
      isPossible = false
    })
    return begun
  }

  return {
    afterCommit() {
      if (!isPossible || isBusy || database.changes() - changesSeen < changesBetween) return
      changesSeen = database.changes()
      isBusy = true
      thread ??= begin()
      thread.postMessage('checkpoint', [])
    },
    close() {
      isPossible = false
      thread?.postMessage('close', [])
    },
  }
}

const script = new URL('./thread.js', import.meta.url)
