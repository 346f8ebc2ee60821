import type { ActorRef } from '../../values/ids.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Limits } from '../limits.ts'
import type { TellOutcome, QueuedEnvelope } from '../tell-outcome.ts'

// A1 One decision at a time per actor, in order of arrival. An actor has one line; a line is
//    drained by one loop; actors do not wait for each other. Across processes the store keeps the
//    promise: an append says `conflict`.

export interface MailboxOptions {
  readonly limits: Limits
  /** Answers every one of them, and never rejects. */
  readonly drain: (actor: ActorRef, batch: readonly QueuedEnvelope[]) => Promise<void>
}

/** The lines of all actors in this process. What waits for one actor is drained together. */
export function createMailbox({ limits, drain }: MailboxOptions) {
  const lines = new Map<ActorRef, QueuedEnvelope[]>()
  let whenIdle: (() => void)[] = []

  async function drainLine(actor: ActorRef, line: QueuedEnvelope[]): Promise<void> {
    while (line.length > 0) await drain(actor, line.splice(0, limits.entriesPerCommit))
    lines.delete(actor)
    if (lines.size > 0) return
    const resolves = whenIdle
    whenIdle = []
    for (const resolve of resolves) resolve()
  }

  function enqueue(waiting: QueuedEnvelope): void {
    const actor = waiting.envelope.to
    const line = lines.get(actor)
    if (line === undefined) {
      const fresh = [waiting]
      lines.set(actor, fresh)
      void drainLine(actor, fresh)
    } else if (line.length >= limits.mailboxDepth) {
      waiting.answer({ outcome: 'busy' })
    } else {
      line.push(waiting)
    }
  }

  function put(envelope: Envelope, retriedBy: string | null): Promise<TellOutcome> {
    return new Promise((answer, fail) => {
      enqueue({ envelope, retriedBy, answer, fail })
    })
  }

  return {
    /**
     * Rejects with what the store threw if, after all retries, the outcome is not known: tell it
     * again.
     */
    tell: (envelope: Envelope) => put(envelope, null),
    /** Tells an envelope that is parked once more. */
    retry: (envelope: Envelope, by: string) => put(envelope, by),
    isIdle: () => lines.size === 0,
    /** Actors whose lines are being worked off. */
    actors: () => lines.size,
    /** Envelopes that wait behind those that are being decided. */
    envelopes(): number {
      let count = 0
      for (const line of lines.values()) count += line.length
      return count
    },
    /** Resolves when no envelope waits or is being decided. */
    idle(): Promise<void> {
      if (lines.size === 0) return Promise.resolve()
      return new Promise((resolve) => whenIdle.push(resolve))
    },
  }
}

export type Mailbox = ReturnType<typeof createMailbox>
