import type { ActorRef } from '../../values/ids.ts'
import type { Charts } from './chart.ts'
import { createDecider } from './decide.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Entry } from '../journal/journal.ts'

/** Today's charts refuse what was once taken: they would tell the story differently. */
export class ReplayDiverged extends Error {
  override readonly name = 'ReplayDiverged'
  readonly code = 'replay_diverged'
}

/**
 * Decides recorded envelopes again, in their order, from nothing. The entries are the recorded ones
 * but for `committedAt` (here `receivedAt`), and for effects that were left out because their drain
 * asked for them twice.
 */
export function replay(charts: Charts, envelopes: readonly Envelope[]): Entry[] {
  const decider = createDecider(charts)
  const heads = new Map<ActorRef, Entry>()
  return envelopes.map((envelope) => {
    const head = heads.get(envelope.to) ?? null
    const decision = decider.decide({ head, envelope, committedAt: envelope.receivedAt })
    if (decision.decided === 'refused') {
      const why = JSON.stringify(decision.refusal)
      throw new ReplayDiverged(`${envelope.to} now refuses ${envelope.id}: ${why}`)
    }
    heads.set(envelope.to, decision.entry)
    return decision.entry
  })
}
