import type { AgendaBackend, JobRepository } from 'agenda'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Log } from '../actors/ports.ts'
import { type Database, openDatabase } from '../persistence/embedded/driver.ts'
import { letTimeFly } from '../test/harness/flying-time.ts'
import { msPerDay, msPerHour } from '../values/instant.ts'
import { type Scheduler, createScheduler } from './agenda.ts'
import { createTestClock, dateOf, systemClock } from './clock.ts'
import { createEmbeddedBackend } from './embedded-backend.ts'
import { SchedulerStopped } from './gate.ts'
import { guardRepository } from './guarded-repository.ts'
import { type Job, tend } from './recurring.ts'

const clock = systemClock()

/** What happened, and a way to wait until it has happened `n` times. */
function counter() {
  let count = 0
  const waiting: { n: number; resolve: () => void }[] = []
  return {
    count: () => count,
    add() {
      count += 1
      for (const one of waiting) if (count >= one.n) one.resolve()
    },
    until: (n: number) =>
      new Promise<void>((resolve) => {
        if (count >= n) resolve()
        waiting.push({ n, resolve })
      }),
  }
}

/** A job whose runs go on until the test ends them. */
function heldJob() {
  const began = counter()
  const ends: (() => void)[] = []
  return {
    began,
    end: (n: number) => ends[n - 1]?.(),
    run: () =>
      new Promise<void>((resolve) => {
        ends.push(resolve)
        began.add()
      }),
  }
}

function jobOf(run: Job['run'], more: Partial<Job> = {}): Job {
  const timing = { everyMs: msPerHour, lockMs: 5000, lateMs: msPerHour }
  return { name: 'job', ...timing, runsOnStart: false, ...more, run }
}

let database: Database
let schedulers: Scheduler<string>[]
let events: string[]

let landTime: () => Promise<void>

beforeEach(() => {
  landTime = letTimeFly()
  database = openDatabase(':memory:')
  schedulers = []
  events = []
})
afterEach(async () => {
  await Promise.all(schedulers.map((scheduler) => scheduler.stop()))
  database.close()
  await landTime()
})

const note = (event: string) => void events.push(event)
const log: Log = { debug: note, info: note, warn: note, error: note }

const backendOf = () => createEmbeddedBackend({ database, clock })

function schedulerOf(jobs: readonly Job[], backend: AgendaBackend = backendOf()) {
  const scheduler = createScheduler({ backend, jobs, clock, log, pollMs: 20, drainMs: 2000 })
  schedulers.push(scheduler)
  return scheduler
}

/** A backend that counts what Agenda asks of it. */
function watchedBackend() {
  const inner = backendOf()
  const looked = counter()
  const taken = counter()
  const touched = counter()
  const asked = counter()
  const repository: JobRepository = {
    ...inner.repository,
    async getNextJobToRun(...args) {
      if (args[0] === 'job') looked.add()
      const found = await inner.repository.getNextJobToRun(...args)
      if (found) taken.add()
      return found
    },
    saveJob(job, options) {
      if (job.name.startsWith('wake@')) asked.add()
      return inner.repository.saveJob(job, options)
    },
    saveJobState(job, options) {
      if (job.lockedAt) touched.add()
      return inner.repository.saveJobState(job, options)
    },
  }
  return { backend: { ...inner, repository }, looked, taken, touched, asked }
}

async function rowOf(name = 'job') {
  const { jobs } = await backendOf().repository.queryJobs({ name })
  return jobs
}

const soon = () => dateOf(Date.parse(clock.now()) + 30_000)

/** Puts the job's next run at `nextRunAt`, as a scheduler before would have. */
async function planAt(nextRunAt: Date): Promise<void> {
  const { repository } = backendOf()
  await repository.connect()
  const row = { name: 'job', type: 'single' as const, priority: 0, data: null }
  await repository.saveJob({ ...row, repeatInterval: msPerHour, nextRunAt }, undefined)
}

describe('a scheduler', () => {
  test('runs a job again and again at its interval', async () => {
    const ran = counter()
    const scheduler = schedulerOf([jobOf(async () => ran.add(), { everyMs: 20 })])
    await scheduler.start()
    await ran.until(4)
    expect(await rowOf()).toHaveLength(1)
  })

  test('shares each due time with the other processes: one of them runs the job', async () => {
    const ran = counter()
    const others = [watchedBackend(), watchedBackend()]
    const all = others.map(({ backend }) => schedulerOf([jobOf(async () => ran.add())], backend))
    await Promise.all(all.map((scheduler) => scheduler.start()))
    await ran.until(1)
    const looks = others.map(({ looked }) => looked.until(looked.count() + 3))
    await Promise.all(looks)
    expect(ran.count()).toBe(1)
  })

  test('keeps its lock through a run that is longer than the lock’s lifetime', async () => {
    const held = heldJob()
    const job = jobOf(held.run, { lockMs: 300 })
    const [first, second] = [watchedBackend(), watchedBackend()]
    await schedulerOf([job], first.backend).start()
    await held.began.until(1)
    await schedulerOf([job], second.backend).start()
    await first.touched.until(6)
    await second.looked.until(second.looked.count() + 2)
    expect(held.began.count()).toBe(1)
    held.end(1)
  })

  test('never runs a job twice at once in one process, however it is asked', async () => {
    let atOnce = 0
    let atMost = 0
    const ran = counter()
    const job = jobOf(
      async () => {
        atMost = Math.max(atMost, ++atOnce)
        await new Promise((resolve) => setImmediate(resolve))
        atOnce -= 1
        ran.add()
      },
      { everyMs: 5 },
    )
    const scheduler = schedulerOf([job])
    await scheduler.start()
    for (let n = 1; n <= 20; n++) {
      scheduler.nudge('job')
      await ran.until(n)
    }
    expect(atMost).toBe(1)
  })

  test('logs a run that fails and runs the job again at its next time', async () => {
    const ran = counter()
    const scheduler = schedulerOf([
      jobOf(
        async () => {
          ran.add()
          throw new Error('out of paper')
        },
        { everyMs: 20 },
      ),
    ])
    await scheduler.start()
    await ran.until(3)
    expect(events).toContain('job.failed')
    expect(await scheduler.health()).toMatchObject([{ failure: 'out of paper', isLate: false }])
  })

  test('runs at its start what must not wait for a lock that a dead process left', async () => {
    const ran = counter()
    const job = jobOf(async () => ran.add(), { runsOnStart: true, lockMs: msPerDay })
    await schedulerOf([job]).start()
    await ran.until(1)
    await schedulers.pop()?.stop()
    const { repository } = backendOf()
    const [row] = await rowOf()
    if (row) await repository.lockJob(row, { lastModifiedBy: 'dead' })
    await schedulerOf([job]).start()
    await ran.until(2)
  })

  test('takes a dead process’s job over when the lock’s lifetime is over', async () => {
    const ran = counter()
    const job = jobOf(async () => ran.add(), { everyMs: 20, lockMs: 100 })
    const { repository } = backendOf()
    await repository.connect()
    const due = { name: 'job', type: 'single' as const, priority: 0, data: null }
    const locked = {
      ...due,
      repeatInterval: 20,
      nextRunAt: dateOf(0),
      lockedAt: dateOf(Date.parse(clock.now())),
    }
    await repository.saveJob(locked, undefined)
    await schedulerOf([job]).start()
    await ran.until(2)
  })

  test('rejects its start when the backend cannot be reached, and may be started later', async () => {
    const ran = counter()
    let isAway = true
    const inner = backendOf()
    const connect = () => (isAway ? Promise.reject(new Error('away')) : inner.connect())
    const scheduler = schedulerOf([jobOf(async () => ran.add())], { ...inner, connect })
    await expect(scheduler.start()).rejects.toThrow('away')
    isAway = false
    await scheduler.start()
    await ran.until(1)
  })

  test('refuses a job that it does not have by naming those that it has', async () => {
    const scheduler: Scheduler<string> = schedulerOf([jobOf(async () => {})])
    await scheduler.start()
    await expect(scheduler.runNow('jbo')).rejects.toThrow(/ask for one of job/)
  })
})

describe('a nudge', () => {
  test('runs the job at once', async () => {
    const ran = counter()
    const scheduler = schedulerOf([jobOf(async () => ran.add())])
    await scheduler.start()
    await scheduler.runNow('job')
    const before = ran.count()
    scheduler.nudge('job')
    await ran.until(before + 1)
  })

  test('that comes with many others asks Agenda once', async () => {
    const ran = counter()
    const { backend, asked } = watchedBackend()
    await planAt(soon())
    const scheduler = schedulerOf([jobOf(async () => ran.add())], backend)
    await scheduler.start()
    for (let n = 0; n < 50; n++) scheduler.nudge('job')
    await scheduler.runNow('job')
    expect(asked.count()).toBe(1)
  })

  test('that comes during a run leads to one more, however many come', async () => {
    const held = heldJob()
    const scheduler = schedulerOf([jobOf(held.run)])
    await scheduler.start()
    await held.began.until(1)
    for (let n = 0; n < 5; n++) scheduler.nudge('job')
    held.end(1)
    await held.began.until(2)
    held.end(2)
    await scheduler.stop()
    expect(held.began.count()).toBe(2)
  })

  test('before the start and after the stop does nothing', async () => {
    const scheduler = schedulerOf([jobOf(async () => {})])
    scheduler.nudge('job')
    await scheduler.start()
    await scheduler.stop()
    scheduler.nudge('job')
    expect(events).toEqual([])
  })
})

describe('running a job now', () => {
  test('resolves after a whole run that began after the call', async () => {
    const held = heldJob()
    const scheduler = schedulerOf([jobOf(held.run)])
    await scheduler.start()
    await held.began.until(1)
    let isOver = false
    const ran = scheduler.runNow('job').then(() => (isOver = true))
    held.end(1)
    await held.began.until(2)
    expect(isOver).toBe(false)
    held.end(2)
    await ran
  })

  test('works while another process holds the job', async () => {
    const held = heldJob()
    await schedulerOf([jobOf(held.run)]).start()
    await held.began.until(1)
    const ran = counter()
    const scheduler = schedulerOf([jobOf(async () => ran.add())])
    await scheduler.start()
    await scheduler.runNow('job')
    expect(ran.count()).toBe(1)
    held.end(1)
  })

  test('rejects with what the job threw, and leaves no row behind', async () => {
    const scheduler = schedulerOf([jobOf(() => Promise.reject(new Error('out of paper')))])
    await scheduler.start()
    await expect(scheduler.runNow('job')).rejects.toThrow('out of paper')
    await scheduler.stop()
    const { jobs } = await backendOf().repository.queryJobs()
    expect(jobs.map((row) => row.name)).toEqual(['job'])
  })

  test('is refused before the start and after the stop', async () => {
    const scheduler = schedulerOf([jobOf(async () => {})])
    await expect(scheduler.runNow('job')).rejects.toThrow(SchedulerStopped)
    await scheduler.start()
    await scheduler.stop()
    await expect(scheduler.runNow('job')).rejects.toThrow(SchedulerStopped)
  })
})

describe('stopping', () => {
  test('tells the run under way, waits for its end and leaves no lock', async () => {
    const held = heldJob()
    const signals: AbortSignal[] = []
    const scheduler = schedulerOf([
      jobOf((signal) => {
        signals.push(signal)
        return held.run()
      }),
    ])
    await scheduler.start()
    await held.began.until(1)
    let isOver = false
    const stopped = scheduler.stop().then(() => (isOver = true))
    expect(signals[0]?.aborted).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    held.end(1)
    await stopped
    expect((await rowOf()).map((row) => row.lockedAt)).toEqual([undefined])
  })

  test('ends a start that is under way', async () => {
    const ran = counter()
    const scheduler = schedulerOf([jobOf(async () => ran.add())])
    const started = scheduler.start()
    await scheduler.stop()
    await expect(started).rejects.toThrow(SchedulerStopped)
    expect(ran.count()).toBe(0)
  })

  test('gives back a job that it had taken ahead of its time', async () => {
    const { backend, taken } = watchedBackend()
    const at = soon()
    await planAt(at)
    const jobs = [jobOf(async () => {})]
    const scheduler = createScheduler({ backend, jobs, clock, log, pollMs: 60_000, drainMs: 2000 })
    await scheduler.start()
    await taken.until(1)
    await new Promise((resolve) => setImmediate(resolve))
    await scheduler.stop()
    expect(await rowOf()).toMatchObject([{ nextRunAt: at }])
    expect((await rowOf()).map(({ lockedAt }) => lockedAt)).toEqual([undefined])
  })

  test('gives up on a run that does not end, and says so', async () => {
    const held = heldJob()
    const job = jobOf(held.run)
    const patience = { pollMs: 20, drainMs: 20 }
    const scheduler = createScheduler({
      backend: backendOf(),
      jobs: [job],
      clock,
      log,
      ...patience,
    })
    await scheduler.start()
    await held.began.until(1)
    await scheduler.stop()
    expect(events).toContain('scheduler.stop_cut_short')
    held.end(1)
  })

  test('uses the database no more once it has resolved', async () => {
    const scheduler = schedulerOf([jobOf(async () => {}, { everyMs: 5 })])
    await scheduler.start()
    await scheduler.runNow('job')
    scheduler.nudge('job')
    await scheduler.stop()
    database.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(events).toEqual([])
  })
})

test('a guarded repository takes no more jobs once told, and leaves them unlocked', async () => {
  const { repository } = backendOf()
  await repository.connect()
  const due = { name: 'job', type: 'normal' as const, priority: 0, data: null }
  await repository.saveJob({ ...due, nextRunAt: dateOf(0) }, undefined)
  const guard = guardRepository(repository, log)
  guard.takeNoMore()
  const at = dateOf(Date.parse(clock.now()))
  expect(await guard.repository.getNextJobToRun('job', at, at, at, undefined)).toBeUndefined()
  expect((await rowOf()).map(({ lockedAt }) => lockedAt)).toEqual([undefined])
})

describe('tending a job’s row', () => {
  const at = createTestClock('2026-01-31T12:00:00.000Z')
  const nowMs = Date.parse(at.now())
  const job = jobOf(async () => {}, { everyMs: 60_000, lockMs: 5000, lateMs: 30_000 })
  const row = {
    name: 'job',
    type: 'single' as const,
    priority: 0,
    data: null,
    repeatInterval: 60_000,
  }

  async function tended(
    stored: object,
  ): Promise<{ planned: number; nextMs: number | undefined; isLocked: boolean }> {
    const { repository } = createEmbeddedBackend({ database, clock: at })
    await repository.connect()
    await repository.saveJob({ ...row, nextRunAt: dateOf(nowMs), ...stored }, undefined)
    let planned = 0
    await tend(job, { repository, clock: at, log, plan: async () => void (planned += 1) })
    const [after] = await rowOf()
    return { planned, nextMs: after?.nextRunAt?.getTime(), isLocked: after?.lockedAt !== undefined }
  }

  test.each`
    inMs        | leftMs    | why
    ${-1}       | ${-1}     | ${'it is overdue and will be taken'}
    ${60_000}   | ${60_000} | ${'it is one interval away'}
    ${60_001}   | ${0}      | ${'the clock was ahead when it was planned'}
    ${msPerDay} | ${0}      | ${'its interval was longer once'}
  `(
    'leaves a next run in $inMs ms at $leftMs ms: $why',
    async ({ inMs, leftMs }: { inMs: number; leftMs: number }) => {
      const { nextMs } = await tended({ nextRunAt: dateOf(nowMs + inMs) })
      expect(nextMs).toBe(nowMs + leftMs)
    },
  )

  test('gives a job without a next run one', async () => {
    expect((await tended({ nextRunAt: null })).nextMs).toBe(nowMs)
  })

  test.each`
    lockedInMs | isLocked | why
    ${-1000}   | ${true}  | ${'somebody runs it'}
    ${5000}    | ${true}  | ${'clocks differ a little'}
    ${5001}    | ${false} | ${'its lifetime would begin only then'}
  `(
    'leaves a lock of $lockedInMs ms from now locked: $isLocked, as $why',
    async (given: { lockedInMs: number; isLocked: boolean }) => {
      const { isLocked } = await tended({ lockedAt: dateOf(nowMs + given.lockedInMs) })
      expect(isLocked).toBe(given.isLocked)
    },
  )

  test('plans a job again whose interval has changed, and no other', async () => {
    expect((await tended({})).planned).toBe(0)
    expect((await tended({ repeatInterval: 1 })).planned).toBe(1)
  })

  test('removes all but one of the rows that processes made at once', async () => {
    const { repository } = createEmbeddedBackend({ database, clock: at })
    await repository.connect()
    for (let n = 0; n < 3; n++) {
      const made = await repository.saveJob({ ...row, type: 'normal', nextRunAt: null }, undefined)
      await repository.saveJob({ ...made, type: 'single' }, undefined)
    }
    await tend(job, { repository, clock: at, log, plan: async () => {} })
    expect(await rowOf()).toHaveLength(1)
  })
})
