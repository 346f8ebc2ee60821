import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { line, tracking } from '../../test/contract/store-given.ts'
import { openFile } from './file.ts'
import { createEmbeddedStore } from './store.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-file-'))
  path = join(folder, 'data', 'tenure.db')
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function modes(): Record<string, string> {
  const names = ['.', ...readdirSync(join(folder, 'data'))]
  return Object.fromEntries(
    names.map((name) => [name, (statSync(join(folder, 'data', name)).mode & 0o777).toString(8)]),
  )
}

/** A store that was filled and closed. */
async function filled(): Promise<void> {
  const store = tracking(createEmbeddedStore(openFile(path)), new Map())
  await store.append(line(50))
  await store.close()
}

/** Opens the store and reads from it. */
async function headOf(file: string): Promise<unknown> {
  const store = tracking(createEmbeddedStore(openFile(file)), new Map())
  try {
    return await store.head('counter/one')
  } finally {
    await store.close()
  }
}

describe('privacy', () => {
  const private_ = {
    '.': '700',
    'tenure.db': '600',
    'tenure.db-wal': '600',
    'tenure.db-shm': '600',
    'tenure.db.lock': '600',
    'tenure.db.lock-journal': '600',
    'tenure.db.made': '600',
    'tenure.db.owner': '600',
  }

  test('the file, its folder and all beside it are its owner’s alone', async () => {
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    await store.append(line(1))
    expect(modes()).toStrictEqual(private_)
    await store.close()
  })

  test('what an older release left readable is closed to others at the next open', async () => {
    await filled()
    for (const name of ['tenure.db', 'tenure.db.lock']) {
      chmodSync(join(folder, 'data', name), 0o644)
    }
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    await store.append(line(1))
    expect(modes()).toStrictEqual(private_)
    await store.close()
  })
})

describe('damage', () => {
  const damaged = { code: 'store_damaged', message: expect.stringContaining('the newest backup') }

  test.each`
    spoil                                             | why
    ${() => rmSync(path)}                             | ${'it is missing'}
    ${() => truncateSync(path, 0)}                    | ${'it is empty'}
    ${() => truncateSync(path, 8192)}                 | ${'its end is missing'}
    ${() => writeFileSync(path, 'x'.repeat(100_000))} | ${'it is something else'}
  `('P4 a file that held a store is not made new, though $why', async ({ spoil }) => {
    await filled()
    spoil()
    expect(() => openFile(path)).toThrow(expect.objectContaining(damaged))
    // Refused once is refused again: the first try has changed nothing.
    expect(() => openFile(path)).toThrow(expect.objectContaining(damaged))
  })

  test('whoever wants to begin with nothing removes the mark as well', async () => {
    await filled()
    rmSync(path)
    rmSync(`${path}.made`)
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    expect((await store.actors(null, { cursor: null, limit: 1 })).items).toEqual([])
    await store.close()
  })

  test.each`
    spoil                             | why
    ${() => truncateSync(path, 8192)} | ${'was shortened'}
    ${() => rmSync(path)}             | ${'was removed'}
  `('a running store whose file $why says so, and takes no more', async ({ spoil }) => {
    await filled()
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    await store.ping()
    spoil()
    await expect(store.ping()).rejects.toMatchObject(damaged)
    await expect(store.append(line(1))).rejects.toMatchObject(damaged)
    await store.close().catch(() => {})
  })

  test('a page that cannot be read stops all reading and writing', async () => {
    await filled()
    const whole = statSync(path).size
    writeFileSync(path, Buffer.alloc(whole - 4096, 0xff), { flag: 'r+' })
    const broken = await headOf(path).catch((error: unknown) => error)
    expect(broken).toMatchObject(damaged)
  })
})
