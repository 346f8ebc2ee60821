import { z } from 'zod'
import type { Changes } from './changes.ts'

const Job = z.object({
  kind: z.string(),
  id: z.string(),
  /** Unix seconds. */
  at: z.number(),
  /** Among jobs of one second, the lower goes first; then the one that was scheduled first. */
  rank: z.number(),
  seq: z.number(),
})
export type Job = z.infer<typeof Job>

export interface Queue {
  schedule(job: { kind: string; id: string; at: number; rank?: number }): void
  unschedule(kind: string, id: string): void
  /** The next job, left in the queue. */
  peek(): Job | undefined
}

export function earlier(a: Job, b: Job): boolean {
  if (a.at !== b.at) return a.at < b.at
  return a.rank === b.rank ? a.seq < b.seq : a.rank < b.rank
}

/** A binary heap. Jobs that were replaced or dropped stay in it until they come to the top. */
function createHeap() {
  const jobs: Job[] = []

  function swapUp(index: number): void {
    const parent = (index - 1) >> 1
    const [child, above] = [jobs[index], jobs[parent]]
    if (index === 0 || child === undefined || above === undefined || !earlier(child, above)) return
    jobs[index] = above
    jobs[parent] = child
    swapUp(parent)
  }

  function swapDown(index: number): void {
    const [top, left, right] = [jobs[index], jobs[2 * index + 1], jobs[2 * index + 2]]
    if (top === undefined || left === undefined) return
    const takeRight = right !== undefined && earlier(right, left)
    const next = takeRight ? right : left
    if (!earlier(next, top)) return
    const place = takeRight ? 2 * index + 2 : 2 * index + 1
    jobs[index] = next
    jobs[place] = top
    swapDown(place)
  }

  return {
    top: () => jobs[0],
    push(job: Job) {
      jobs.push(job)
      swapUp(jobs.length - 1)
    },
    pop() {
      const last = jobs.pop()
      if (last === undefined || jobs.length === 0) return
      jobs[0] = last
      swapDown(0)
    },
  }
}

/**
 * Jobs by time. `prefix` names their keys in the storage; `stored` is what an earlier run saved.
 */
export function createQueue(
  prefix: string,
  changes: Changes,
  stored: ReadonlyMap<string, string>,
): Queue {
  const live = new Map<string, Job>()
  const heap = createHeap()
  let seq = 0

  function set(key: string, job: Job | undefined): void {
    if (job === undefined) live.delete(key)
    else {
      live.set(key, job)
      heap.push(job)
    }
  }

  function write(key: string, job: Job | undefined): void {
    const before = live.get(key)
    set(key, job)
    changes.record(
      key,
      () => {
        const now = live.get(key)
        return now === undefined ? null : JSON.stringify(now)
      },
      () => set(key, before),
    )
  }

  for (const [key, text] of stored) {
    if (!key.startsWith(`${prefix}/`)) continue
    const job = Job.parse(JSON.parse(text))
    set(key, job)
    seq = Math.max(seq, job.seq)
  }

  return {
    schedule({ kind, id, at, rank = 0 }) {
      seq += 1
      write(`${prefix}/${kind}/${id}`, { kind, id, at, rank, seq })
    },
    unschedule(kind, id) {
      const key = `${prefix}/${kind}/${id}`
      if (live.has(key)) write(key, undefined)
    },
    peek() {
      for (;;) {
        const job = heap.top()
        if (job === undefined || live.get(`${prefix}/${job.kind}/${job.id}`) === job) return job
        heap.pop()
      }
    },
  }
}
