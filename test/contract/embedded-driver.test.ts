import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bind, type Database, openDatabase } from '../../persistence/embedded/driver.ts'

describe('the embedded driver', () => {
  let db: Database
  beforeEach(() => {
    db = openDatabase(':memory:')
    db.exec('CREATE TABLE t (k INTEGER PRIMARY KEY, v ANY) STRICT')
  })
  afterEach(() => {
    db.close()
  })
  const stored = (value: Bind) => {
    db.run('INSERT INTO t (v) VALUES (?)', [value])
    return db.get('SELECT v, typeof(v) AS type FROM t')
  }

  test.each`
    value                                 | back                           | type         | why
    ${'naïve 🙂'}                         | ${'naïve 🙂'}                  | ${'text'}    | ${'text is kept'}
    ${''}                                 | ${''}                          | ${'text'}    | ${'empty text is not null'}
    ${3}                                  | ${3}                           | ${'integer'} | ${'a whole number is an integer, not 3.0'}
    ${1.5}                                | ${1.5}                         | ${'real'}    | ${'a fraction is kept'}
    ${2 ** 53 - 1}                        | ${2 ** 53 - 1}                 | ${'integer'} | ${'the largest safe integer is a number'}
    ${9_007_199_254_740_993n}             | ${9_007_199_254_740_993n}      | ${'integer'} | ${'a larger one stays exact'}
    ${-9_223_372_036_854_775_808n}        | ${-9_223_372_036_854_775_808n} | ${'integer'} | ${'the smallest of 64 bits'}
    ${true}                               | ${1}                           | ${'integer'} | ${'a boolean does not abort the process'}
    ${null}                               | ${null}                        | ${'null'}    | ${'null may stand alone'}
    ${new Uint8Array([1, 0, 2])}          | ${new Uint8Array([1, 0, 2])}   | ${'blob'}    | ${'bytes may stand alone'}
    ${new Uint8Array([9, 1]).subarray(1)} | ${new Uint8Array([1])}         | ${'blob'}    | ${'a view of bytes is only the view'}
  `('keeps $value exactly: $why', ({ value, back, type }) => {
    const row = stored(value)
    const got = row?.['v']
    expect(got instanceof Uint8Array ? new Uint8Array(got) : got).toStrictEqual(back)
    expect(row?.['type']).toBe(type)
    expect(db.all('SELECT v FROM t')[0]?.['v']).toStrictEqual(
      back instanceof Uint8Array ? new Uint8Array(back) : back,
    )
  })

  test.each`
    value                       | why
    ${'a\0b'}                   | ${'text would be cut'}
    ${'\uD800'}                 | ${'half a pair would be replaced'}
    ${Number.NaN}               | ${'it would become null'}
    ${Number.POSITIVE_INFINITY} | ${'it would become null'}
    ${2n ** 63n}                | ${'it has no room'}
  `('refuses $value: $why', ({ value }) => {
    expect(() => stored(value)).toThrow(RangeError)
  })

  test('a row holds its columns and nothing of the library', () => {
    expect(db.get('SELECT 1 AS one')).toStrictEqual({ one: 1 })
    expect(db.all('SELECT 1 AS one')).toStrictEqual([{ one: 1 }])
    expect(db.get('SELECT 1 WHERE 0')).toBeUndefined()
  })

  test('a wrong number of values is refused', () => {
    expect(() => db.run('INSERT INTO t (v) VALUES (?)', [])).toThrow(/takes 1 values and got 0/)
    expect(() => db.get("SELECT '?' AS mark, ?1 AS a, ?1 AS b", [1, 2])).toThrow(/takes 1 values/)
    expect(db.get("SELECT '?' AS mark, ?1 AS a, ?1 AS b", [7])).toStrictEqual({
      mark: '?',
      a: 7,
      b: 7,
    })
  })

  test('a transaction that throws leaves nothing', () => {
    expect(() =>
      db.transaction(() => {
        stored('gone')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(db.all('SELECT * FROM t')).toStrictEqual([])
    db.transaction(() => stored('kept'))
    expect(db.all('SELECT v FROM t')).toStrictEqual([{ v: 'kept' }])
  })

  test('an inner transaction may fail alone', () => {
    db.transaction(() => {
      stored('outer')
      expect(() =>
        db.transaction(() => {
          stored('inner')
          throw new Error('no')
        }),
      ).toThrow('no')
      db.transaction(() => stored('second'))
    })
    expect(db.all('SELECT v FROM t').map(({ v }) => v)).toStrictEqual(['outer', 'second'])
  })

  test('what SQLite undoes as a whole is not kept in parts', () => {
    const pages = Number(db.get('PRAGMA page_count')?.['page_count'])
    db.exec(`PRAGMA max_page_count = ${pages + 4}`)
    const full = expect.objectContaining({ code: 'SQLITE_FULL' })
    const inner = (value: string) => db.transaction(() => stored(value))
    expect(() =>
      db.transaction(() => {
        inner('first')
        expect(() => inner('x'.repeat(100_000))).toThrow(full)
        inner('second')
      }),
    ).toThrow(full)
    expect(db.all('SELECT * FROM t')).toStrictEqual([])
    expect(() => db.transaction(() => inner('third'))).not.toThrow()
  })

  test('an async transaction is refused and undone', () => {
    expect(() => db.transaction(async () => stored('early'))).toThrow(TypeError)
    expect(db.all('SELECT * FROM t')).toStrictEqual([])
  })

  test('after close it says that it is closed', () => {
    db.close()
    expect(() => db.all('SELECT 1')).toThrow(expect.objectContaining({ code: 'store_closed' }))
    expect(() => db.transaction(() => 1)).toThrow(expect.objectContaining({ code: 'store_closed' }))
  })
})
