import type { CommandLine } from './command-line.ts'
import { demo } from './demo/run.ts'

import { migrate } from './migrate.ts'
import { rebuild } from './rebuild.ts'
import { serve } from './serve.ts'
import { show } from './show.ts'
import { writeDiagrams } from './write-diagrams.ts'

/** Each answers its exit code: 0 if it did what was asked, 2 if the asking was wrong. */
export const commands = {
  serve,
  demo,
  show,
  rebuild,
  migrate,
  diagrams: writeDiagrams,
} as const satisfies Record<string, (line: CommandLine) => Promise<number>>

export type CommandName = keyof typeof commands
