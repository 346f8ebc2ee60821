import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { dictionaries } from '../../app/dictionaries.ts'
import { charts } from '../../machines/index.ts'
import { canonical } from '../../values/json.ts'

// What is stored is frozen: by a digest of each chart version's form, one of each journal that was
// shipped, and one of each dictionary that texts were packed with. `shapes.json` is only ever added
// to.
//
//   FREEZE=1 npx vitest run test/journals/shapes.test.ts     adds what is not in it yet

const file = join(import.meta.dirname, 'shapes.json')
const Frozen = z.object({
  charts: z.record(z.string(), z.string()),
  journals: z.record(z.string(), z.string()),
  /** In the order in which they came. */
  dictionaries: z.array(z.string()),
})
const readFrozen = () => Frozen.parse(JSON.parse(readFileSync(file, 'utf8')))

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

const forms = Object.values(charts).map(({ type, version, context }) => ({
  name: `${type}.${version}`,
  digest: digestOf(canonical(z.toJSONSchema(context, { unrepresentable: 'any' }))),
}))

const journals = readdirSync(import.meta.dirname)
  .filter((name) => /^\d.*\.json$/.test(name))
  .map((name) => ({
    name,
    digest: digestOf(readFileSync(join(import.meta.dirname, name), 'utf8')),
  }))

const packedWith = dictionaries.map(digestOf)

if (process.env['FREEZE'] === '1') {
  const known = readFrozen()
  const added = (old: Record<string, string>, found: typeof forms) => ({
    ...Object.fromEntries(found.map(({ name, digest }) => [name, digest])),
    ...old,
  })
  const all = {
    charts: added(known.charts, forms),
    journals: added(known.journals, journals),
    dictionaries: [...new Set([...known.dictionaries, ...packedWith])],
  }
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
}

const frozen = readFrozen()

describe('P3 what is stored keeps its form', () => {
  test.each(forms)('$name', ({ name, digest }) => {
    expect(digest, 'raise the version and bring a migration').toBe(frozen.charts[name])
  })

  test.each(journals)('$name is never recorded again', ({ name, digest }) => {
    expect(digest, 'it needs a migration, never a new recording').toBe(frozen.journals[name])
  })

  test('a text is unpacked with the dictionary that it was packed with', () => {
    expect(packedWith, 'a better one is one more').toEqual(frozen.dictionaries)
  })

  test('nothing that was shipped is gone', () => {
    const names = new Set(journals.map(({ name }) => name))
    expect(Object.keys(frozen.journals).filter((name) => !names.has(name))).toEqual([])
  })
})
