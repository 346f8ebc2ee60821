#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { type CommandName, commands } from './commands.ts'

const usage = `tenure <command>

  serve        starts the platform; on the sandbox if STRIPE_SECRET_KEY is not set
  demo         plays the whole story, twice, and fails if it goes otherwise than told
  show         prints an actor and its journal: tenure show account/acct_…; or one entry of it, by its seq
  rebuild      drops every view and rebuilds it from the journal
  migrate      copies the embedded file into an empty MongoDB, or back: --to <mongodb://… or a file>
  diagrams     writes docs/machines/ from the charts
`

function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(commands, name)
}

/** Null if an option is unknown, or lacks its value. */
function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { to: { type: 'string' }, help: { type: 'boolean' } },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`)
    return null
  }
}

const given = commandLine()
const [name, ...rest] = given?.positionals ?? []
const isHelp = given?.values.help === true

if (isHelp || !isCommand(name)) {
  process.stdout.write(usage)
  process.exitCode = isHelp ? 0 : 2
} else {
  try {
    process.exitCode = await commands[name]({ rest, to: given?.values.to ?? null })
  } catch (error) {
    // What a person can mend says how in its message; the rest shows where it broke.
    const isTold = error instanceof Error && 'code' in error
    const text = isTold ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
  // Agenda keeps a timer for the lock of its last run, which must not hold a command that is over.
  process.exit()
}
