import { describe, expect, test } from 'vitest'
import { dateOf } from './clock.ts'
import { createLateness } from './lateness.ts'

const job = { name: 'job', everyMs: 1_000, lateMs: 60_000 }
const lookMs = 15_000

/** Looks at the row every 15 s of the process's life; answers at which of them the job was late. */
function lateAt(rows: readonly { lastFinishedAt?: Date; lockedAt?: Date }[]): number[] {
  let elapsed = 0
  const lateness = createLateness(() => elapsed, 2 * lookMs)
  return rows.flatMap((signs, n) => {
    elapsed = n * lookMs
    return lateness.look([{ job, signs }])[0] === true ? [n] : []
  })
}

const year = 365 * 86_400_000
const ran = (ms: number) => ({ lastFinishedAt: dateOf(ms) })
const looks = (n: number) => Array.from({ length: n }, (_, i) => i)

describe('a job is late', () => {
  test('when nothing was seen of it for its interval and its grace, also if it never ran', () => {
    expect(lateAt(looks(7).map(() => ({})))).toEqual([5, 6])
    expect(lateAt(looks(7).map(() => ran(0)))).toEqual([5, 6])
  })

  test('no more once a run has ended', () => {
    expect(lateAt([...looks(6).map(() => ran(0)), ran(1), ran(1)])).toEqual([5])
  })

  test('when one run has no end for ten times its grace, though its lock is kept fresh', () => {
    const late = lateAt(looks(45).map((n) => ({ lockedAt: dateOf(n * lookMs) })))
    expect(late[0]).toBe(41)
  })
})

describe('a job is not late', () => {
  test('while runs end, whatever the computer’s clock says: set back, ahead, or a year off', () => {
    expect(lateAt(looks(20).map((n) => ran((n % 2) * year + n)))).toEqual([])
    expect(lateAt(looks(20).map((n) => ran(-n)))).toEqual([])
  })

  test('while a long run keeps its lock fresh, as under load', () => {
    expect(lateAt(looks(20).map((n) => ({ lockedAt: dateOf(n * lookMs) })))).toEqual([])
  })

  test('because the computer slept', () => {
    let elapsed = 0
    const lateness = createLateness(() => elapsed, 2 * lookMs)
    lateness.look([{ job, signs: ran(0) }])
    elapsed = 86_400_000
    expect(lateness.look([{ job, signs: ran(0) }])).toEqual([false])
  })
})
