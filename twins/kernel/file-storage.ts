import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { SandboxStorage } from './storage.ts'

const Line = z.array(z.tuple([z.string(), z.string().nullable()]))

/** The file is rewritten when it has grown past this and is mostly made of what was replaced. */
const rewriteBytesMin = 16 * 1024 * 1024
const rewriteFactor = 4

function lineOf(changes: ReadonlyMap<string, string | null>): string {
  return `${JSON.stringify([...changes])}\n`
}

/** What the lines add up to. A line that a crash cut short is the last one, and never happened. */
function read(path: string): Map<string, string> {
  const kept = new Map<string, string>()
  if (!existsSync(path)) return kept
  const lines = readFileSync(path, 'utf8').split('\n')
  lines.pop()
  for (const line of lines)
    for (const [key, value] of Line.parse(JSON.parse(line)))
      if (value === null) kept.delete(key)
      else kept.set(key, value)
  return kept
}

/**
 * The twin's state in one file of JSON lines, each a unit of work. It survives the process at any
 * moment; a power cut may take the last seconds, which a simulated Stripe can bear. One process at
 * a time.
 */
export function createFileStorage(path: string): SandboxStorage & { close(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const kept = read(path)
  let file = rewrite()
  let written = 0
  let live = sizeOf()

  function sizeOf(): number {
    let bytes = 0
    for (const [key, value] of kept) bytes += key.length + value.length
    return bytes
  }

  function rewrite(): number {
    const fresh = `${path}.new`
    writeFileSync(fresh, kept.size === 0 ? '' : lineOf(kept), { mode: 0o600 })
    renameSync(fresh, path)
    return openSync(path, 'a')
  }

  return {
    load: () => new Map(kept),
    save(changes) {
      for (const [key, value] of changes)
        if (value === null) kept.delete(key)
        else kept.set(key, value)
      written += writeSync(file, lineOf(changes))
      if (written < Math.max(rewriteBytesMin, rewriteFactor * live)) return
      closeSync(file)
      file = rewrite()
      written = 0
      live = sizeOf()
    },
    close: () => closeSync(file),
  }
}
