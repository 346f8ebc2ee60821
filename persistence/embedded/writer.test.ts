import { describe, expect, test } from 'vitest'
import { type Database, openDatabase } from './driver.ts'
import { createWriter } from './writer.ts'

/** A database with a table of numbers, whose next commits may be made to fail. */
function given() {
  const real = openDatabase(':memory:')
  real.exec('CREATE TABLE t (n INTEGER) STRICT')
  const failing = { commits: 0 }
  let depth = 0
  const database: Database = {
    ...real,
    transaction(work) {
      depth += 1
      try {
        return real.transaction(() => {
          const result = work()
          if (depth > 1 || failing.commits === 0) return result
          failing.commits -= 1
          throw new Error('the disk did not answer')
        })
      } finally {
        depth -= 1
      }
    },
  }
  let commits = 0
  const writer = createWriter(database, () => {
    commits += 1
  })
  return {
    failing,
    commits: () => commits,
    add: (n: number) =>
      writer.write(() => {
        database.run('INSERT INTO t VALUES (?)', [n])
        if (n < 0) throw new RangeError(`${n} is below 0`)
        return n
      }),
    kept: () => real.all('SELECT n FROM t ORDER BY rowid').map(({ n }) => n),
  }
}

describe('the writes of one turn', () => {
  test('are one commit', async () => {
    const { add, commits, kept } = given()
    expect(await Promise.all([add(1), add(2), add(3)])).toStrictEqual([1, 2, 3])
    expect(commits()).toBe(1)
    expect(kept()).toStrictEqual([1, 2, 3])
  })

  test('are kept but for those that throw', async () => {
    const { add, kept } = given()
    const answers = await Promise.allSettled([add(1), add(-2), add(3)])
    expect(answers.map(({ status }) => status)).toStrictEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(kept()).toStrictEqual([1, 3])
  })

  test('are all refused where their commit fails, and not tried again', async () => {
    const { add, failing, commits, kept } = given()
    failing.commits = 1
    const answers = await Promise.allSettled([add(1), add(2)])
    expect(answers.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected'])
    expect(commits()).toBe(0)
    expect(kept()).toStrictEqual([])
    expect(await add(3)).toBe(3)
  })
})
