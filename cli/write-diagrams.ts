import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { charts } from '../machines/index.ts'
import { machineDocs } from './diagrams.ts'

const folder = join('docs', 'machines')

/** Writes the charts' pages. The tables beside them come from the tests. */
export async function writeDiagrams(): Promise<number> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of machineDocs(charts)) {
    await writeFile(join(folder, name), text)
    process.stdout.write(`${join(folder, name)}\n`)
  }
  return 0
}
