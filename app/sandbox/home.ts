import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../actors/ports.ts'
import { createShiftedClock } from '../../scheduler/clock.ts'
import type { Instant } from '../../values/instant.ts'
import type { SandboxClock } from './time-travel.ts'

const SandboxFile = z.object({
  keys: z.object({ dashboard: z.string(), admin: z.string(), service: z.string() }),
  stripeSecretKey: z.string(),
  stripePublishableKey: z.string(),
  stripeWebhookSecret: z.string(),
  seed: z.string(),
  /** How far the sandbox's clock is ahead of the computer's, in milliseconds. */
  clockOffsetMs: z.int().nonnegative(),
})
type SandboxFile = z.infer<typeof SandboxFile>

/** What a sandbox is between two runs: its keys, its secrets, and how far its clock was moved. */
export interface SandboxHome {
  readonly kept: SandboxFile
  /**
   * Runs as the computer's does, ahead of it by what was skipped; a move is kept before it is seen.
   */
  readonly clock: SandboxClock
}

/** Reads the sandbox's file, or makes one with fresh secrets, readable by its owner alone. */
export function openSandboxHome(path: string, base: Clock): SandboxHome {
  let kept = readKept(path) ?? freshKept()
  write(path, kept)
  const clock = createShiftedClock({ base, offsetMs: kept.clockOffsetMs })
  return {
    kept,
    clock: {
      now: () => clock.now(),
      moveTo(to: Instant) {
        clock.shiftTo(to)
        kept = { ...kept, clockOffsetMs: clock.offsetMs() }
        write(path, kept)
      },
    },
  }
}

function readKept(path: string): SandboxFile | null {
  try {
    return SandboxFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new Error(`${path} can't be read: remove it to begin a new sandbox`, { cause: error })
  }
}

function freshKept(): SandboxFile {
  const secret = (prefix: string) => `${prefix}${randomBytes(18).toString('hex')}`
  return {
    keys: {
      dashboard: secret('tk_sandbox_dashboard_'),
      admin: secret('tk_sandbox_admin_'),
      service: secret('tk_sandbox_service_'),
    },
    stripeSecretKey: secret('sk_test_'),
    stripePublishableKey: secret('pk_test_'),
    stripeWebhookSecret: secret('whsec_'),
    seed: randomBytes(8).toString('hex'),
    clockOffsetMs: 0,
  }
}

function write(path: string, kept: SandboxFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
