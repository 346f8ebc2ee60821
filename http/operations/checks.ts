import { StoreDamaged } from '../../actors/store-damaged.ts'
import type { HttpDeps } from '../deps.ts'
import { answeredWithin, TookTooLong } from '../middleware/deadline.ts'

/** One thing that must work, and what to do where it does not. */
export interface Check {
  readonly name: 'store' | 'scheduler' | 'provider'
  /** What is degraded does not make the process unready: webhooks are taken, and reads answered. */
  readonly state: 'ok' | 'failing' | 'degraded'
  /** Of what a person must mend, under a name that stays. */
  readonly code: string | null
  /** Null where it is ok. */
  readonly detail: string | null
  readonly remedy: string | null
}

/** Some jobs have shown no sign of life for longer than they may. */
export class JobsLate extends Error {
  override readonly name = 'JobsLate'
  readonly code = 'jobs_late'
  readonly jobs: readonly string[]

  constructor(jobs: readonly string[]) {
    super(`late: ${jobs.join(', ')}`)
    this.jobs = jobs
  }
}

/**
 * A check that has said nothing for as long is failing: what asks /readyz waits no longer itself.
 */
const answerMs = 4_000

/**
 * Asks everything at once. Nothing of the addresses and paths in an error is in an answer: the log
 * has it.
 */
export async function runChecks({
  store,
  scheduler,
  access,
  log,
}: Pick<HttpDeps, 'store' | 'scheduler' | 'access' | 'log'>): Promise<readonly Check[]> {
  const ask = async (name: Check['name'], work: () => Promise<void>): Promise<Check> => {
    try {
      await answeredWithin(answerMs, work())
      return { name, ...fine }
    } catch (error) {
      log.warn('health.check_failed', { check: name, error: String(error) })
      return { name, state: 'failing', code: null, ...wordsOf(name, error) }
    }
  }
  const asked = [ask('store', () => store.ping()), ask('scheduler', () => scheduler.ready())]
  return [...(await Promise.all(asked)), providerCheck(access.trouble())]
}

const fine = { state: 'ok', code: null, detail: null, remedy: null } as const

/** What waits for the key goes on by itself: the process is no better off without its requests. */
function providerCheck(trouble: ReturnType<HttpDeps['access']['trouble']>): Check {
  if (trouble === null) return { name: 'provider', ...fine }
  return {
    name: 'provider',
    state: 'degraded',
    code: trouble.code,
    detail: 'The provider refuses what our key asks for: effects wait, and none is given up.',
    remedy:
      'Mend the key (docs/operations.md, The provider refuses our key); provider.key_refused in ' +
      'the log says what for.',
  }
}

function wordsOf(name: Check['name'], error: unknown): Pick<Check, 'detail' | 'remedy'> {
  if (error instanceof StoreDamaged) {
    return {
      detail: 'The embedded file is damaged, so that nothing is read or written any more.',
      remedy:
        'Stop Tenure, keep the damaged file, and put the newest backup in its place ' +
        '(docs/operations.md, Backups). The log names the file.',
    }
  }
  if (error instanceof JobsLate) {
    return {
      detail: `No sign of these jobs for longer than they may be silent: ${error.jobs.join(', ')}.`,
      remedy: 'Look for job.failed and scheduler.failed in the log; restart the process.',
    }
  }
  const detail = error instanceof TookTooLong ? 'It did not answer in time.' : 'It does not answer.'
  if (name === 'scheduler') {
    return { detail, remedy: 'Look for scheduler.failed in the log. With the store it comes back.' }
  }
  return {
    detail,
    remedy: 'Bring the store back (docs/operations.md, The store is down); nothing else is needed.',
  }
}
