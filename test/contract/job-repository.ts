import {
  Agenda,
  type AgendaBackend,
  type JobId,
  type JobParameters,
  type JobRepository,
} from 'agenda'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Scheduler, createScheduler } from '../../scheduler/agenda.ts'
import { dateOf, systemClock } from '../../scheduler/clock.ts'

/** What holds the jobs of one test. */
export interface JobStorage {
  /** Another connected backend over the same jobs: what another process would have. */
  connect(): Promise<AgendaBackend>
  close(): Promise<void>
}

const minuteMs = 60_000
const nowMs = Date.parse('2026-01-31T12:00:00.000Z')
/** Far enough ahead for "in the future" by any computer's clock. */
const futureMs = Date.parse('2126-01-31T12:00:00.000Z')
const past = dateOf(nowMs - minuteMs)
const now = dateOf(nowMs)
const future = dateOf(futureMs)
const me = { lastModifiedBy: 'me' }

function once(name: string, more: Partial<JobParameters> = {}): JobParameters {
  return { name, type: 'normal', priority: 0, nextRunAt: past, data: null, ...more }
}

function recurring(name: string, more: Partial<JobParameters> = {}): JobParameters {
  return { ...once(name, { repeatInterval: minuteMs, ...more }), type: 'single' }
}

/** What Agenda relies on, of any storage: run for each. */
export function jobRepositoryContract(name: string, open: () => Promise<JobStorage>): void {
  describe(`jobs in ${name}`, () => {
    let storage: JobStorage
    let jobs: JobRepository
    let other: JobRepository

    beforeEach(async () => {
      storage = await open()
      jobs = (await storage.connect()).repository
      other = (await storage.connect()).repository
    })
    afterEach(async () => {
      await storage.close()
    })

    async function saved(job: JobParameters): Promise<JobParameters & { _id: JobId }> {
      const { _id } = await jobs.saveJob(job, me)
      if (_id === undefined) throw new Error('a saved job has an id')
      const read = await jobs.getJobById(_id)
      if (read === null) throw new Error('a saved job can be read')
      return { ...read, _id }
    }

    const take = (repository: JobRepository, job: string, lockDeadline = past) =>
      repository.getNextJobToRun(job, now, lockDeadline, now, me)

    const names = async (options: Parameters<JobRepository['queryJobs']>[0]) => {
      const { jobs: found } = await jobs.queryJobs(options)
      return found.map((job) => job.name)
    }

    describe('saving', () => {
      test('a job is read back as it was saved', async () => {
        const job = once('mail', { data: { to: ['a', 'b'], n: 1 }, priority: 10, skipDays: [0, 6] })
        expect(await saved(job)).toMatchObject({ ...job, lastModifiedBy: 'me' })
      })

      test('an id that nobody has gives null', async () => {
        expect(await jobs.getJobById('65a000000000000000000000')).toBeNull()
      })

      test('a recurring job has one row, whoever saves it and however often', async () => {
        const first = await jobs.saveJob(recurring('tick'), me)
        const again = await other.saveJob(recurring('tick', { repeatInterval: 5 }), me)
        expect(again._id).toBe(first._id)
        const { jobs: rows } = await jobs.queryJobs({ name: 'tick' })
        expect(rows).toHaveLength(1)
        expect(rows[0]?.repeatInterval).toBe(5)
      })

      test('a recurring job that is saved as due now keeps the run that it has planned', async () => {
        await jobs.saveJob(recurring('tick', { nextRunAt: future }), me)
        const again = await other.saveJob(recurring('tick', { nextRunAt: past }), me)
        expect(again.nextRunAt).toEqual(future)
      })

      test('a recurring job can be put off to a later time', async () => {
        await jobs.saveJob(recurring('tick'), me)
        const again = await jobs.saveJob(recurring('tick', { nextRunAt: future }), me)
        expect(again.nextRunAt).toEqual(future)
      })

      test('a job with an id is changed in place', async () => {
        const { _id } = await saved(once('mail', { data: { n: 1 } }))
        await jobs.saveJob(once('mail', { _id, nextRunAt: future, data: { n: 2 } }), me)
        expect(await jobs.getJobById(_id)).toMatchObject({ nextRunAt: future, data: { n: 2 } })
        expect((await jobs.queryJobs()).total).toBe(1)
      })

      test('a job that was removed is not brought back by saving it', async () => {
        const job = await saved(once('mail'))
        await jobs.removeJobs({ id: job._id })
        expect(await jobs.saveJob(job, me)).toMatchObject({ _id: job._id })
        expect((await jobs.queryJobs()).total).toBe(0)
      })
    })

    describe('a job that is unique by a part of its data', () => {
      const unique = { 'data.account': 'a1' }
      const mail = (n: number, more: Partial<JobParameters> = {}) =>
        once('mail', { data: { account: 'a1', n }, unique, ...more })

      test('takes the place of the one before', async () => {
        const first = await saved(mail(1))
        expect(await saved(mail(2))).toMatchObject({ _id: first._id, data: { n: 2 } })
      })

      test('leaves jobs of another value or another name alone', async () => {
        await jobs.saveJob(once('mail', { data: { account: 'a2' } }), me)
        await jobs.saveJob(once('call', { data: { account: 'a1' } }), me)
        await jobs.saveJob(mail(1), me)
        expect((await jobs.queryJobs()).total).toBe(3)
      })

      test('changes nothing with insertOnly when there is one', async () => {
        const first = await saved(mail(1))
        expect(await saved(mail(2, { uniqueOpts: { insertOnly: true } }))).toMatchObject({
          _id: first._id,
          data: { n: 1 },
        })
      })

      test('is put off by each save when it is debounced', async () => {
        const uniqueOpts = { debounce: { delay: 100 * 365 * 24 * 60 * minuteMs } }
        const first = await saved(mail(1, { uniqueOpts }))
        expect(first.nextRunAt?.getTime()).toBeGreaterThan(futureMs)
        const second = await saved(mail(2, { uniqueOpts }))
        expect(second).toMatchObject({ _id: first._id, data: { n: 2 } })
        expect(second.debounceStartedAt).toEqual(first.debounceStartedAt)
      })

      test('keeps its first time when it is debounced from the leading edge', async () => {
        const uniqueOpts = { debounce: { delay: minuteMs, strategy: 'leading' as const } }
        await jobs.saveJob(mail(1, { uniqueOpts, nextRunAt: past }), me)
        const second = await saved(mail(2, { uniqueOpts, nextRunAt: future }))
        expect(second).toMatchObject({ nextRunAt: past, data: { n: 2 } })
      })
    })

    describe('a run’s state', () => {
      test('is written, and what is not set is cleared', async () => {
        const job = await saved(once('mail'))
        const state = { lockedAt: past, lastRunAt: past, failCount: 2, failReason: 'no route' }
        await jobs.saveJobState({ ...job, ...state, nextRunAt: future }, me)
        expect(await jobs.getJobById(job._id)).toMatchObject({ ...state, nextRunAt: future })
        await jobs.saveJobState({ ...job, nextRunAt: null, lastFinishedAt: now }, me)
        const after = await jobs.getJobById(job._id)
        expect(after).toMatchObject({ nextRunAt: null, lastFinishedAt: now })
        expect(after?.lockedAt).toBeUndefined()
        expect(after?.failReason).toBeUndefined()
      })

      test('leaves the data alone', async () => {
        const job = await saved(once('mail', { data: { n: 1 } }))
        await jobs.saveJobState({ ...job, data: { n: 2 } }, me)
        expect(await jobs.getJobById(job._id)).toMatchObject({ data: { n: 1 } })
      })

      test('is refused when the job is gone', async () => {
        const job = await saved(once('mail'))
        await jobs.removeJobs({ id: job._id })
        await expect(jobs.saveJobState(job, me)).rejects.toThrow(/mail/)
      })
    })

    describe('locking', () => {
      test('of two who lock one job, one gets it', async () => {
        const job = await saved(once('mail'))
        const [first, second] = await Promise.all([jobs.lockJob(job, me), other.lockJob(job, me)])
        const winners = [first, second].filter((one) => one !== undefined)
        expect(winners).toHaveLength(1)
        expect(winners[0]?.lockedAt).toBeInstanceOf(Date)
      })

      test('a job whose time has moved, or that is disabled, is not locked', async () => {
        const job = await saved(once('mail'))
        expect(await jobs.lockJob({ ...job, nextRunAt: future }, me)).toBeUndefined()
        await jobs.disableJobs({ id: job._id })
        expect(await jobs.lockJob(job, me)).toBeUndefined()
      })

      test('an unlocked job can be locked again', async () => {
        const job = await saved(once('mail'))
        await jobs.lockJob(job, me)
        await jobs.unlockJob(job)
        expect(await other.lockJob(job, me)).toMatchObject({ _id: job._id })
      })

      test('a job that runs once and is running is unlocked with others, not alone', async () => {
        const job = await saved(once('mail'))
        await jobs.saveJobState({ ...job, lockedAt: past, nextRunAt: null }, me)
        await jobs.unlockJob(job)
        expect((await jobs.getJobById(job._id))?.lockedAt).toEqual(past)
        await jobs.unlockJobs([job._id])
        expect((await jobs.getJobById(job._id))?.lockedAt).toBeUndefined()
      })
    })

    describe('the next job to run', () => {
      test('is the one due first, and of two due at once the more important', async () => {
        await jobs.saveJob(once('mail', { nextRunAt: now, priority: 0, data: 'third' }), me)
        await jobs.saveJob(once('mail', { nextRunAt: now, priority: 10, data: 'second' }), me)
        await jobs.saveJob(once('mail', { nextRunAt: past, priority: -10, data: 'first' }), me)
        const taken = [
          await take(jobs, 'mail'),
          await take(other, 'mail'),
          await take(jobs, 'mail'),
        ]
        expect(taken.map((job) => job?.data)).toEqual(['first', 'second', 'third'])
        expect(await take(jobs, 'mail')).toBeUndefined()
      })

      test('is locked at the given moment, by name', async () => {
        await jobs.saveJob(once('mail'), undefined)
        expect(await take(jobs, 'mail')).toMatchObject({ lockedAt: now, lastModifiedBy: 'me' })
      })

      test.each`
        more                     | why
        ${{ nextRunAt: future }} | ${'it is not due'}
        ${{ nextRunAt: null }}   | ${'it will not run again'}
        ${{ disabled: true }}    | ${'it is disabled'}
        ${{ name: 'other' }}     | ${'it has another name'}
      `('is not a job if $why', async ({ more }: { more: Partial<JobParameters> }) => {
        await jobs.saveJob({ ...once('mail'), ...more }, me)
        expect(await take(jobs, 'mail')).toBeUndefined()
      })

      test('is never given twice, however many ask at once', async () => {
        for (let n = 0; n < 10; n++) await jobs.saveJob(once('mail', { data: n }), me)
        const asked = Array.from({ length: 30 }, (_, n) => take(n % 2 ? jobs : other, 'mail'))
        const given = (await Promise.all(asked)).flatMap((job) => (job ? [String(job._id)] : []))
        expect(new Set(given).size).toBe(10)
        expect(given).toHaveLength(10)
      })

      test('may be one whose lock has outlived its lifetime, whatever its time', async () => {
        const job = await saved(recurring('tick'))
        await jobs.saveJobState({ ...job, lockedAt: past, nextRunAt: future }, me)
        expect(await take(other, 'tick', dateOf(past.getTime() - 1))).toBeUndefined()
        expect(await take(other, 'tick', past)).toMatchObject({ _id: job._id, lockedAt: now })
        expect(await take(jobs, 'tick', past)).toBeUndefined()
      })
    })

    describe('lists', () => {
      beforeEach(async () => {
        const failed = await saved(once('failed', { nextRunAt: null, priority: 3 }))
        await jobs.saveJobState({ ...failed, failedAt: past, lastFinishedAt: past }, me)
        const done = await saved(once('done', { nextRunAt: null, priority: 5 }))
        await jobs.saveJobState({ ...done, lastRunAt: past, lastFinishedAt: past }, me)
        await jobs.saveJob(
          once('Later', { nextRunAt: future, priority: 1, data: { a: { b: 1 }, c: 2 } }),
          me,
        )
        await jobs.saveJob(once('due', { disabled: true, priority: 4, data: { a: { b: 2 } } }), me)
        await jobs.saveJob(recurring('tick', { nextRunAt: future, priority: 2 }), me)
        const running = await saved(once('running', { priority: 6 }))
        await jobs.lockJob(running, me)
      })

      test.each`
        options                                               | expected           | why
        ${{ name: 'due' }}                                    | ${['due']}         | ${'one name'}
        ${{ names: ['due', 'tick', 'none'] }}                 | ${['tick', 'due']} | ${'several names'}
        ${{ search: 'LATE' }}                                 | ${['Later']}       | ${'part of a name, in any case'}
        ${{ search: '.*' }}                                   | ${[]}              | ${'no pattern is meant'}
        ${{ data: { a: { b: 1 } } }}                          | ${['Later']}       | ${'a part of the data'}
        ${{ names: ['due', 'done'], includeDisabled: false }} | ${['done']}        | ${'without disabled ones'}
        ${{ state: 'failed' }}                                | ${['failed']}      | ${'failed at its last run'}
        ${{ state: 'completed' }}                             | ${['done']}        | ${'ran and has no next run'}
        ${{ state: 'scheduled' }}                             | ${['Later']}       | ${'due later'}
        ${{ state: 'queued' }}                                | ${['due']}         | ${'due'}
        ${{ state: 'repeating' }}                             | ${['tick']}        | ${'has an interval'}
        ${{ state: 'running' }}                               | ${['running']}     | ${'is locked'}
        ${{ state: 'paused' }}                                | ${['due']}         | ${'is disabled'}
      `(
        'find $expected by $why',
        async ({ options, expected }: { options: object; expected: string[] }) => {
          const found = await names({ ...options, sort: { priority: 'asc' } })
          expect(found).toEqual(expected)
        },
      )

      test('find by ids, and nothing by one that nobody has', async () => {
        const {
          jobs: [first, second],
        } = await jobs.queryJobs({ sort: { priority: 'asc' } })
        const ids = [first, second].flatMap((job) => (job ? [String(job._id)] : []))
        expect((await names({ ids, sort: { priority: 'asc' } })).toSorted()).toEqual([
          'Later',
          'tick',
        ])
        expect(await names({ id: ids[0] ?? '' })).toEqual(['Later'])
        expect(await names({ id: '65a000000000000000000000' })).toEqual([])
      })

      test('are sorted and paged, and tell how many there are in all', async () => {
        const sort = { priority: 'desc' } as const
        const page = await jobs.queryJobs({ sort, skip: 1, limit: 2 })
        expect(page.jobs.map((job) => job.name)).toEqual(['done', 'due'])
        expect(page.total).toBe(6)
        const ofState = await jobs.queryJobs({ sort, state: 'queued', skip: 1, limit: 2 })
        expect(ofState).toEqual({ jobs: [], total: 1 })
        expect((await names({ sort: { nextRunAt: 'desc', name: 'asc' } })).slice(0, 2)).toEqual([
          'Later',
          'tick',
        ])
        expect((await names({ sort: { nextRunAt: 'asc', name: 'asc' } })).slice(0, 2)).toEqual([
          'done',
          'failed',
        ])
      })

      test('count the jobs of each name by their state', async () => {
        const overview = await jobs.getJobsOverview()
        expect(overview.find((one) => one.name === 'due')).toMatchObject({
          queued: 1,
          paused: 1,
          total: 1,
        })
        expect(overview.find((one) => one.name === 'tick')).toMatchObject({
          repeating: 1,
          paused: 0,
        })
        expect(overview).toHaveLength(6)
      })

      test('name each kind of job once', async () => {
        await jobs.saveJob(once('due'), me)
        const found = await jobs.getDistinctJobNames()
        expect(found.toSorted()).toEqual(['Later', 'done', 'due', 'failed', 'running', 'tick'])
      })

      test('count what is due', async () => {
        expect(await jobs.getQueueSize()).toBe(2)
      })
    })

    describe('removing, disabling and enabling', () => {
      beforeEach(async () => {
        await jobs.saveJob(once('mail', { data: { account: 'a1', n: 1 } }), me)
        await jobs.saveJob(once('mail', { data: { account: 'a2', n: 2 } }), me)
        await jobs.saveJob(once('call', { data: { account: 'a1', n: 3 } }), me)
        await jobs.saveJob(recurring('tick'), me)
      })

      test.each`
        options                                      | removed | left                                | why
        ${{ name: 'mail' }}                          | ${2}    | ${['call', 'tick']}                 | ${'by name'}
        ${{ names: ['call', 'tick', 'none'] }}       | ${2}    | ${['mail', 'mail']}                 | ${'by names'}
        ${{ notNames: ['tick'] }}                    | ${3}    | ${['tick']}                         | ${'by what they are not'}
        ${{ data: { account: 'a1' } }}               | ${2}    | ${['mail', 'tick']}                 | ${'by a part of their data'}
        ${{ name: 'mail', data: { account: 'a1' } }} | ${1}    | ${['call', 'mail', 'tick']}         | ${'by both at once'}
        ${{}}                                        | ${0}    | ${['call', 'mail', 'mail', 'tick']} | ${'by nothing: none'}
      `(
        'takes jobs away $why',
        async (row: { options: object; removed: number; left: string[] }) => {
          expect(await jobs.removeJobs(row.options)).toBe(row.removed)
          expect((await names({})).toSorted()).toEqual(row.left)
        },
      )

      test('takes jobs away by their ids', async () => {
        const {
          jobs: [first, second, third],
        } = await jobs.queryJobs({ sort: { name: 'asc' } })
        const [one, two, three] = [first?._id ?? '', second?._id ?? '', third?._id ?? '']
        expect(await jobs.removeJobs({ id: one })).toBe(1)
        expect(await jobs.removeJobs({ ids: [one, two, three] })).toBe(2)
        expect(await names({})).toEqual(['tick'])
      })

      test('takes all away when all are purged', async () => {
        expect(await jobs.purgeAllJobs()).toBe(4)
        expect((await jobs.queryJobs()).total).toBe(0)
      })

      test('a disabled job is not run until it is enabled again', async () => {
        expect(await jobs.disableJobs({ name: 'mail' })).toBe(2)
        expect(await take(jobs, 'mail')).toBeUndefined()
        expect(await take(jobs, 'call')).toBeDefined()
        expect(await jobs.enableJobs({ names: ['mail'] })).toBe(2)
        expect(await take(jobs, 'mail')).toBeDefined()
      })

      test('nothing is disabled or enabled by nothing', async () => {
        expect(await jobs.disableJobs({})).toBe(0)
        expect(await jobs.enableJobs({})).toBe(0)
      })
    })

    describe('schedulers on it', () => {
      const silent = { debug() {}, info() {}, warn() {}, error() {} }

      async function schedulerOf(run: () => Promise<void>): Promise<Scheduler<'tick'>> {
        const timing = { everyMs: 60 * minuteMs, lockMs: 10_000, lateMs: minuteMs }
        return createScheduler({
          backend: await storage.connect(),
          jobs: [{ name: 'tick', ...timing, runsOnStart: true, run }],
          clock: systemClock(),
          log: silent,
          pollMs: 20,
          drainMs: 5000,
        })
      }

      test('share one row for a recurring job, run it when asked, and leave no lock', async () => {
        const ran = [0, 0]
        const both = await Promise.all(
          [0, 1].map((n) =>
            schedulerOf(async () => {
              ran[n] = (ran[n] ?? 0) + 1
            }),
          ),
        )
        for (const scheduler of both) await scheduler.start()
        const before = [...ran]
        for (const scheduler of both) await scheduler.runNow('tick')
        expect(ran.map((runs, n) => runs > (before[n] ?? 0))).toEqual([true, true])
        await Promise.all(both.map((scheduler) => scheduler.stop()))
        const { jobs: rows } = await jobs.queryJobs()
        expect(rows.map(({ name, type, lockedAt }) => ({ name, type, lockedAt }))).toEqual([
          { name: 'tick', type: 'single', lockedAt: undefined },
        ])
      })

      test('that start at once end with one row, planned within its interval', async () => {
        const all = await Promise.all([1, 2, 3].map(() => schedulerOf(async () => {})))
        await Promise.all(all.map((scheduler) => scheduler.start()))
        await all[0]?.stop()
        await all[0]?.start()
        await Promise.all(all.map((scheduler) => scheduler.stop()))
        const { jobs: rows } = await jobs.queryJobs({ name: 'tick' })
        expect(rows).toHaveLength(1)
      })
    })

    describe('Agenda on it', () => {
      /** Runs two Agendas until `count` runs have ended; gives what ran, in order. */
      async function runByTwo(count: number, lockLifetime: number): Promise<number[]> {
        const ran: number[] = []
        const { promise: enough, resolve } = deferred()
        const agendas = await Promise.all(
          ['one', 'two'].map(async (process) => {
            const agenda = new Agenda({
              name: process,
              backend: await storage.connect(),
              processEvery: 20,
            })
            agenda.define<number>(
              'mail',
              (job, done) => {
                ran.push(job.attrs.data)
                done()
              },
              { lockLifetime },
            )
            agenda.on('complete:mail', () => {
              if (ran.length >= count) resolve()
            })
            await agenda.start()
            return agenda
          }),
        )
        await enough
        await Promise.all(agendas.map((agenda) => agenda.stop(false)))
        return ran
      }

      test('two processes run each job once', async () => {
        for (let n = 0; n < 20; n++) await jobs.saveJob(once('mail', { data: n }), me)
        const ran = await runByTwo(20, 10_000)
        expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n))
      })

      test('what a dead process had locked is run when the lock’s lifetime is over', async () => {
        const job = await saved(once('mail', { data: 7 }))
        await jobs.saveJobState({ ...job, lockedAt: past, nextRunAt: null, lastRunAt: past }, me)
        expect(await runByTwo(1, 1000)).toEqual([7])
      })
    })
  })
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}
