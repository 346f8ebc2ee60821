import { describe, expect, test } from 'vitest'
import { type JobFunctions, type JobName, jobTimings, jobsOf } from './jobs.ts'

const idle: JobFunctions = {
  fireDueTimers: async () => 0,
  deliverDue: async () => 0,
  heal: async () => 0,
  expireRequests: async () => {},
  forgetWebhooks: async () => 0,
  reconcile: async () => ({ done: true }),
}

function jobOf(name: JobName, functions: Partial<JobFunctions>) {
  const job = jobsOf({ ...idle, ...functions }, jobTimings).find((one) => one.name === name)
  if (!job) throw new Error(`no job ${name}`)
  return job
}

const going = () => new AbortController().signal

describe('a recurring job', () => {
  test.each`
    name         | what
    ${'timers'}  | ${'timers'}
    ${'deliver'} | ${'effects'}
    ${'forget'}  | ${'webhooks'}
  `('$name runs until none is due', async ({ name }: { name: 'timers' | 'deliver' | 'forget' }) => {
    const left = [100, 100, 3]
    const next = async () => left.shift() ?? 0
    const functions = { fireDueTimers: next, deliverDue: next, forgetWebhooks: next }
    await jobOf(name, functions).run(going())
    expect(left).toEqual([])
  })

  test('reconcile runs until the provider has no more pages', async () => {
    const answers = [{ done: false }, { done: false }, { done: true }, { done: true }]
    await jobOf('reconcile', { reconcile: async () => answers.shift() ?? { done: true } }).run(
      going(),
    )
    expect(answers).toHaveLength(1)
  })

  test('that never finds an end gives way, and does not run for ever', async () => {
    let batches = 0
    const fireDueTimers = async () => ++batches
    await jobOf('timers', { fireDueTimers }).run(going())
    expect(batches).toBe(1000)
  })

  test('begins no other batch once the scheduler stops', async () => {
    const stopping = new AbortController()
    let batches = 0
    const deliverDue = async () => {
      batches += 1
      if (batches === 2) stopping.abort()
      return 100
    }
    await jobOf('deliver', { deliverDue }).run(stopping.signal)
    expect(batches).toBe(2)
  })

  test('fails with what it was given to do', async () => {
    const heal = () => Promise.reject(new Error('the store is away'))
    await expect(jobOf('heal', { heal }).run(going())).rejects.toThrow('the store is away')
  })

  test.each(jobsOf(idle, jobTimings))(
    '$name is called late only after its period and its lock are over',
    ({ everyMs, lockMs, lateMs }) => {
      expect(lateMs).toBeGreaterThan(lockMs)
      expect(lateMs).toBeGreaterThanOrEqual(everyMs)
    },
  )
})
