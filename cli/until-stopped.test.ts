import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { untilStopped } from './until-stopped.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<void>(() => {})

function stoppingBy(stop: () => Promise<void>) {
  const signals = new EventEmitter()
  const said: string[] = []
  const code = untilStopped({ signals, stop, deadlineMs: 25_000, say: (text) => said.push(text) })
  return { signals, code, said }
}

test.each(['SIGINT', 'SIGTERM'])('%s stops, and the exit code is 0', async (signal) => {
  let isStopped = false
  const { signals, code } = stoppingBy(async () => {
    isStopped = true
  })
  signals.emit(signal)
  expect(await code).toBe(0)
  expect(isStopped).toBe(true)
})

test('a stop that hangs is cut short by its deadline, with 3', async () => {
  const { signals, code, said } = stoppingBy(never)
  signals.emit('SIGTERM')
  await vi.advanceTimersByTimeAsync(25_000)
  expect(await code).toBe(3)
  expect(said.join()).toContain('Not stopped within 25000 ms')
})

test('a stop that fails ends with 3 and says why', async () => {
  const { signals, code, said } = stoppingBy(() => Promise.reject(new Error('the disk is full')))
  signals.emit('SIGTERM')
  expect(await code).toBe(3)
  expect(said.join()).toContain('the disk is full')
})

test.each`
  second       | ends
  ${'SIGINT'}  | ${130}
  ${'SIGTERM'} | ${143}
`('a second signal, $second, ends it at once, with $ends', async ({ second, ends }) => {
  const { signals, code } = stoppingBy(never)
  signals.emit('SIGTERM')
  signals.emit(second)
  expect(await code).toBe(ends)
})

test('no listener is left behind', async () => {
  const { signals, code } = stoppingBy(async () => {})
  signals.emit('SIGTERM')
  await code
  expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0)
})
