import type { EventEmitter } from 'node:events'

/** What `tenure serve` ends with; docs/operations.md has the table. */
export const exitCodes = { stopped: 0, cutShort: 3, SIGINT: 130, SIGTERM: 143 } as const

const signals = ['SIGINT', 'SIGTERM'] as const

export interface StopOptions {
  /** Where signals come from: the process. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>
  readonly stop: () => Promise<void>
  /** `stop` has as long, whatever hangs in it; then the process ends without it. */
  readonly deadlineMs: number
  /** Hears of what is wrong, in words for a person. */
  readonly say: (text: string) => void
}

/**
 * Waits for a signal, stops, and answers the exit code: of a clean stop, of one that was cut short
 * by its deadline or its failure, or of a second signal, which ends it at once. Nothing that was
 * answered is lost by any of them.
 */
export async function untilStopped(stopping: StopOptions): Promise<number> {
  const heard: (typeof signals)[number][] = []
  let first = () => {}
  let second = () => {}
  const asked = new Promise<void>((resolve) => (first = resolve))
  const askedAgain = new Promise<void>((resolve) => (second = resolve))
  const hear = signals.map((signal) => {
    const listener = () => {
      heard.push(signal)
      if (heard.length === 1) first()
      else second()
    }
    stopping.signals.on(signal, listener)
    return () => stopping.signals.off(signal, listener)
  })
  try {
    await asked
    return await stopped(stopping, { askedAgain, last: () => heard.at(-1) ?? 'SIGTERM' })
  } finally {
    for (const deaf of hear) deaf()
  }
}

async function stopped(
  { stop, deadlineMs, say }: StopOptions,
  again: { askedAgain: Promise<void>; last: () => (typeof signals)[number] },
): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs)
  })
  try {
    const ended = await Promise.race([
      stop().then(() => 'stopped' as const),
      late,
      again.askedAgain.then(() => 'again' as const),
    ])
    if (ended === 'stopped') return exitCodes.stopped
    if (ended === 'again') return exitCodes[again.last()]
    say(`Not stopped within ${deadlineMs} ms: ended all the same. What was answered is stored.\n`)
  } catch (error) {
    say(`StopOptions failed: ${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    clearTimeout(timer)
  }
  return exitCodes.cutShort
}
