import { describe, expect, test } from 'vitest'
import { createGate, SchedulerStopped } from './gate.ts'

/** A job whose runs end when the test says so. */
function heldJob() {
  const ends: ((error?: Error) => void)[] = []
  return {
    runs: () => ends.length,
    end: (error?: Error) => ends.at(-1)?.(error),
    run: () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()))
      }),
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a gate', () => {
  test('lets one run through at a time: who passes meanwhile waits for it', async () => {
    const job = heldJob()
    const gate = createGate(job.run)
    const both = Promise.all([gate.pass(), gate.pass()])
    await turn()
    expect([job.runs(), gate.isBusy()]).toEqual([1, true])
    job.end()
    await both
    expect([job.runs(), gate.isBusy()]).toEqual([1, false])
  })

  test('serves all who asked during a run with one more run', async () => {
    const job = heldJob()
    const gate = createGate(job.run)
    const passed = gate.pass()
    await turn()
    const answered: string[] = []
    const asks = [1, 2, 3].map(() => gate.ask().then(() => answered.push('answered')))
    job.end()
    await turn()
    expect([job.runs(), answered]).toEqual([2, []])
    job.end()
    await Promise.all([passed, ...asks])
    expect(job.runs()).toBe(2)
  })

  test('runs for what was asked, and not again when that was served', async () => {
    const job = heldJob()
    const gate = createGate(job.run)
    await gate.serve()
    expect(job.runs()).toBe(0)
    const asked = gate.ask()
    const served = gate.serve()
    await turn()
    job.end()
    await Promise.all([asked, served])
    await gate.serve()
    expect(job.runs()).toBe(1)
  })

  test('fails those that the failed run served, and serves the next', async () => {
    const job = heldJob()
    const gate = createGate(job.run)
    const first = gate.ask()
    const served = gate.serve()
    await turn()
    const second = gate.ask()
    job.end(new Error('out of paper'))
    await expect(first).rejects.toThrow('out of paper')
    await turn()
    job.end()
    await second
    await served
    expect(job.runs()).toBe(2)
  })

  test('once closed, ends the run under way and refuses all else', async () => {
    const job = heldJob()
    const gate = createGate(job.run)
    const passed = gate.pass()
    await turn()
    const asked = gate.ask()
    const closed = gate.close()
    await expect(asked).rejects.toThrow(SchedulerStopped)
    await expect(gate.pass()).rejects.toThrow(SchedulerStopped)
    await expect(gate.ask()).rejects.toThrow(SchedulerStopped)
    job.end()
    await Promise.all([closed, passed])
    expect(job.runs()).toBe(1)
  })
})
