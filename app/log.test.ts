import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function lineOf(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = []
  write(createLog('info', { write: (line) => void lines.push(line) }))
  return lines.join('')
}

test('a line is one JSON object whose event is what happened', () => {
  const line = lineOf((log) => log.info('actor.decided', { actor: 'account/a', seq: 1 }))
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.stringMatching(/Z$/),
    event: 'actor.decided',
    actor: 'account/a',
    seq: 1,
  })
})

test('no field takes the place of the line’s own keys, and none is lost', () => {
  const line = lineOf((log) => log.warn('it.happened', { event: 'a', level: 9, time: 'b' }))
  expect(line.match(/"event":/g)).toHaveLength(1)
  expect(JSON.parse(line)).toMatchObject({
    level: 'warn',
    event: 'it.happened',
    event_: 'a',
    level_: 9,
    time_: 'b',
  })
})

test('what must not be in a log is removed, at its top and one level down', () => {
  const line = lineOf((log) => log.error('it.failed', { token: 's3', inner: { email: 'a@b.c' } }))
  expect(line).not.toMatch(/s3|a@b\.c/)
})

test('a line below the level is not written', () => {
  expect(lineOf((log) => log.debug('it.happened'))).toBe('')
})
