import { randomUUID } from 'node:crypto'
import { Agenda, type AgendaBackend, InMemoryNotificationChannel, type JobRepository } from 'agenda'
import type { Clock, Log } from '../actors/ports.ts'
import { elapsedMs } from './clock.ts'
import { type Gate, SchedulerStopped, createGate, gateOf } from './gate.ts'
import { type GuardedRepository, guardRepository } from './guarded-repository.ts'
import { type Lateness, createLateness } from './lateness.ts'
import { isOverWithin, processorOf, whileLocked } from './lock.ts'
import { type Job, type JobHealth, healthOf, tend } from './recurring.ts'
import { createWaker, sweepWakeRows } from './wake.ts'

export interface SchedulerPorts<Name extends string> {
  readonly backend: AgendaBackend
  readonly jobs: readonly Job<Name>[]
  /** The system's time: Agenda plans by the computer's clock, never by a sandbox's. */
  readonly clock: Clock
  /**
   * Milliseconds of this process's life, which no clock that is set changes; by default the
   * computer's.
   */
  readonly elapsedMs?: () => number
  readonly log: Log
  /** How often each process looks for jobs, in milliseconds. Shorter than every job's `lockMs`. */
  readonly pollMs: number
  /** How long `stop` waits for runs under way, in milliseconds. */
  readonly drainMs: number
}

export interface Scheduler<Name extends string> {
  /** Plans the jobs and begins to run them. Rejects if the backend cannot be reached. */
  start(): Promise<void>
  /**
   * Takes no more jobs and resolves when the runs under way are over, or when `drainMs` have
   * passed.
   */
  stop(): Promise<void>
  /** Asks for a run in this process at once; once more after the one under way. Not waited for. */
  nudge(name: Name): void
  /**
   * Resolves after a whole run in this process that began after the call; rejects with what it
   * threw.
   */
  runNow(name: Name): Promise<void>
  /** How each job fares, in all processes together. */
  health(): Promise<readonly JobHealth[]>
}

/** How often a process looks after the jobs' rows: what a clock that was set back can cost. */
const tendMs = 15_000

/**
 * Runs recurring jobs that all processes share, through Agenda: each job has one row, and the
 * process that locks it runs it. Every process may also be asked to run one at once, which goes
 * through a row of its own.
 */
export function createScheduler<Name extends string>(ports: SchedulerPorts<Name>): Scheduler<Name> {
  let session: Session | null = null
  const running = (): Session => {
    if (!session) throw new SchedulerStopped()
    return session
  }
  return {
    async start() {
      if (session) return
      const starting = openSession(ports)
      session = starting
      try {
        await starting.begin()
      } catch (error) {
        session = null
        await starting.end().catch(() => {})
        throw error
      }
    },
    async stop() {
      const ending = session
      session = null
      await ending?.end()
    },
    nudge(name) {
      // Before the start there is nothing to hurry: the start runs what must not wait.
      void session?.wake(name).catch((error: unknown) => {
        ports.log.warn('job.nudge_failed', { job: name, error: String(error) })
      })
    },
    async runNow(name) {
      await running().runNow(name)
    },
    async health() {
      return running().health()
    },
  }
}

interface Session {
  begin(): Promise<void>
  end(): Promise<void>
  wake(name: string): Promise<void>
  runNow(name: string): Promise<void>
  health(): Promise<JobHealth[]>
}

/** One life of the scheduler, from a start to a stop. */
function openSession(ports: SchedulerPorts<string>): Session {
  const { jobs, clock, log } = ports
  const lateness = createLateness(ports.elapsedMs ?? elapsedMs, 2 * tendMs)
  const stopping = new AbortController()
  const guard = guardRepository(ports.backend.repository, log)
  const instance = randomUUID()
  const agenda = agendaOn(guard, { ports, instance })
  const gates = new Map(jobs.map((job) => [job.name, gateOfJob(job, stopping.signal, log)]))
  const waker = createWaker({ agenda, gates, instance })
  const rows = rowsOf(ports, { agenda, repository: guard.repository, lateness })
  let watch: NodeJS.Timeout | null = null

  return {
    wake: waker.wake,
    async runNow(name) {
      const ran = gateOf(gates, name).ask()
      await waker.wake(name)
      await ran
    },
    health: rows.health,
    async begin() {
      await ports.backend.connect()
      for (const job of jobs) defineJob(agenda, job, gateOf(gates, job.name))
      waker.define(Math.max(0, ...jobs.map((job) => job.lockMs)))
      await sweepWakeRows(guard.repository, clock.now())
      await rows.tend()
      // Stopped while it started: an Agenda that begins now would never be stopped.
      if (stopping.signal.aborted) throw new SchedulerStopped()
      await agenda.start()
      watch = setInterval(() => void rows.look(), tendMs)
      watch.unref()
      await Promise.all(jobs.filter((job) => job.runsOnStart).map((job) => waker.wake(job.name)))
    },
    async end() {
      if (watch) clearInterval(watch)
      stopping.abort()
      guard.takeNoMore()
      const idle = Promise.all([...gates.values()].map((gate) => gate.close()))
      // Gives back what is locked and has not begun.
      await agenda.stop(false)
      const isDrained = await isOverWithin(ports.drainMs, idle.then(guard.quiet))
      if (!isDrained) log.warn('scheduler.stop_cut_short', { afterMs: ports.drainMs })
      if (ports.backend.ownsConnection ?? true) await ports.backend.disconnect()
    },
  }
}

/** What is done with all jobs' rows: at a start, again and again, and when somebody asks. */
function rowsOf(
  { jobs, clock, log }: SchedulerPorts<string>,
  of: { readonly agenda: Agenda; readonly repository: JobRepository; readonly lateness: Lateness },
) {
  const { repository, lateness } = of
  const plan = (job: Job) => of.agenda.every(job.everyMs, job.name)
  const health = () => healthOf(jobs, { repository, lateness })
  const tendAll = async () => {
    for (const job of jobs) await tend(job, { repository, clock, log, plan })
  }
  return {
    health,
    tend: tendAll,
    async look(): Promise<void> {
      try {
        await tendAll()
        for (const { name, finishedAt, failure, isLate } of await health()) {
          // Not `name`: the log keeps the names of people out.
          if (isLate) log.warn('job.late', { job: name, finishedAt, failure })
        }
      } catch (error) {
        log.warn('scheduler.failed', { error: String(error) })
      }
    },
  }
}

function agendaOn(
  guard: GuardedRepository,
  of: { readonly ports: SchedulerPorts<string>; readonly instance: string },
): Agenda {
  const { ports, instance } = of
  const agenda = new Agenda({
    name: instance,
    // Connected by us before: a failure there would reach nobody from inside Agenda's constructor.
    backend: {
      name: ports.backend.name,
      repository: guard.repository,
      ownsConnection: false,
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
    },
    // What this process saves it looks at once, without waiting for the next poll.
    notificationChannel: new InMemoryNotificationChannel(),
    processEvery: ports.pollMs,
    maxConcurrency: ports.jobs.length * 2,
  })
  agenda.on('error', (error) => ports.log.warn('scheduler.failed', { error: String(error) }))
  return agenda
}

function defineJob(agenda: Agenda, job: Job, gate: Gate): void {
  const pass = processorOf((row) => whileLocked(row, job.lockMs, gate.pass))
  agenda.define(job.name, pass, { concurrency: 1, lockLifetime: job.lockMs })
}

function gateOfJob(job: Job, signal: AbortSignal, log: Log): Gate {
  return createGate(async () => {
    try {
      await job.run(signal)
    } catch (error) {
      log.error('job.failed', { job: job.name, error: String(error) })
      throw error
    }
  })
}
