/**
 * Lets one run of a job through at a time. Whoever asks while one is under way is served by one
 * more run after it, however many they are.
 */
export interface Gate {
  /** Runs the job, or waits for the run that is under way. Rejects with what the last run threw. */
  readonly pass: () => Promise<void>
  /**
   * Runs the job if a run was asked for that has not begun yet; else waits for the one under way.
   */
  serve(): Promise<void>
  /**
   * Resolves after a whole run that begins after this call. Somebody must pass or serve for it to
   * begin.
   */
  ask(): Promise<void>
  isBusy(): boolean
  /**
   * Lets nothing more through, refuses what was asked for, and resolves when the run under way is
   * over.
   */
  close(): Promise<void>
}

/**
 * The scheduler is not running (any more): what was asked for is found by the next one that starts.
 */
export class SchedulerStopped extends Error {
  override readonly name = 'SchedulerStopped'
  readonly code = 'scheduler_stopped'

  constructor() {
    super('the scheduler is not running: start it before a job is asked to run')
  }
}

export function createGate(run: () => Promise<void>): Gate {
  let underWay: Promise<void> | null = null
  let asked: RequestedRun | null = null
  let isClosed = false

  const isAsked = () => asked !== null
  const takeAsked = () => {
    const taken = asked
    asked = null
    return taken
  }

  async function runAll(): Promise<void> {
    let outcome: Outcome
    do {
      const served = takeAsked()
      outcome = await outcomeOf(run)
      served?.settle(outcome)
      // Checked and cleared in one go: what is asked from here on must find the gate idle.
    } while (isAsked())
    underWay = null
    if (outcome.failed) throw outcome.error
  }

  function pass(): Promise<void> {
    if (isClosed) return Promise.reject(new SchedulerStopped())
    underWay ??= Promise.resolve().then(runAll)
    return underWay
  }

  return {
    pass,
    serve: () => (isAsked() ? pass() : (underWay ?? Promise.resolve())),
    ask() {
      const mine = asked ?? createAsked()
      if (isClosed) mine.settle({ failed: true, error: new SchedulerStopped() })
      else asked = mine
      return mine.promise
    },
    isBusy: () => underWay !== null,
    async close() {
      isClosed = true
      takeAsked()?.settle({ failed: true, error: new SchedulerStopped() })
      if (underWay) await outcomeOf(() => underWay)
    },
  }
}

/** Throws RangeError for a job that is not in the table. */
export function gateOf(gates: ReadonlyMap<string, Gate>, job: string): Gate {
  const gate = gates.get(job)
  if (!gate) throw new RangeError(`no job ${job}: ask for one of ${[...gates.keys()].join(', ')}`)
  return gate
}

type Outcome = { readonly failed: false } | { readonly failed: true; readonly error: unknown }

async function outcomeOf(work: () => Promise<void> | null): Promise<Outcome> {
  try {
    await work()
    return { failed: false }
  } catch (error) {
    return { failed: true, error }
  }
}

interface RequestedRun {
  readonly promise: Promise<void>
  settle(outcome: Outcome): void
}

function createAsked(): RequestedRun {
  let settle: RequestedRun['settle'] = () => {}
  const promise = new Promise<void>((resolve, reject) => {
    settle = (outcome) => (outcome.failed ? reject(outcome.error) : resolve())
  })
  // Who only nudged does not wait for the outcome, and a failure is logged where the job runs.
  promise.catch(() => {})
  return { promise, settle: (outcome) => settle(outcome) }
}
