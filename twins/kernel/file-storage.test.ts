import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFileStorage } from './file-storage.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the sandbox file', () => {
  test('gives back what was saved, without what was removed', () => {
    const path = join(folder, 'deep', 'stripe.jsonl')
    const first = createFileStorage(path)
    first.save(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
    first.save(
      new Map<string, string | null>([
        ['a', 'ü\n"'],
        ['b', null],
      ]),
    )
    first.close()
    expect([...createFileStorage(path).load()]).toEqual([['a', 'ü\n"']])
  })

  test('forgets a unit that a crash cut short, whole', () => {
    const path = join(folder, 'stripe.jsonl')
    const first = createFileStorage(path)
    first.save(new Map([['a', '1']]))
    first.close()
    appendFileSync(path, '[["a","2"],["b",')
    const second = createFileStorage(path)
    expect([...second.load()]).toEqual([['a', '1']])
    second.save(new Map([['b', '3']]))
    second.close()
    expect([...createFileStorage(path).load()]).toEqual([
      ['a', '1'],
      ['b', '3'],
    ])
  })

  test('does not grow for ever with what is replaced', () => {
    const path = join(folder, 'stripe.jsonl')
    const storage = createFileStorage(path)
    const value = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 40; n += 1) storage.save(new Map([['a', `${n}${value}`]]))
    storage.close()
    expect(statSync(path).size).toBeLessThan(20 * 1024 * 1024)
    expect(createFileStorage(path).load().get('a')).toBe(`39${value}`)
  })
})
