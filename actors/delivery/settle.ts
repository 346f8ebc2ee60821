import { createGroup } from '../batcher.ts'
import type { Counts } from '../counters.ts'
import { errorText } from '../error-text.ts'
import type { Limits } from '../limits.ts'
import { pause } from '../pause.ts'
import { StoreUnavailable } from '../port-errors.ts'
import type { ClaimedEffect, Log, Outbox, Settlement } from '../ports.ts'

export interface SettleOptions {
  readonly store: Pick<Outbox, 'settle'>
  readonly log: Log
  readonly limits: Limits
  readonly counts: Counts
}

/**
 * Ends claims, many in one round trip: nobody waits for the end of one, so that it waits for
 * others. A claim that cannot be ended ends by its deadline, and is performed again.
 */
export function createSettle({ store, log, limits, counts }: SettleOptions) {
  const put = createGroup<Settlement, true>({
    max: limits.entriesPerGroup,
    weightOf: () => 1,
    run: async (settlements) => {
      await store.settle(settlements)
      return settlements.map(() => true)
    },
  })

  const gathering = createGathering(limits)

  async function settle(claimed: ClaimedEffect, settlement: Settlement): Promise<void> {
    await gathering.turn()
    for (let round = 1; ; round += 1) {
      try {
        await put(settlement)
        break
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || round >= limits.decisionsPerCommit) {
          log.warn('effect.unsettled', { effect: settlement.id, error: errorText(error) })
          return
        }
        await pause(limits.storePauseMs * round)
      }
    }
    const { kind } = claimed.effect
    const fields = {
      effect: settlement.id,
      kind,
      tries: claimed.tries + 1,
      correlationId: claimed.correlationId,
    }
    counts.delivered(kind, settlement.outcome)
    switch (settlement.outcome) {
      case 'done':
        log.info('effect.performed', fields)
        if (settlement.result !== undefined) counts.performed(kind, settlement.result)
        break
      case 'retry':
        log.info('effect.retried', { ...fields, at: settlement.at, error: settlement.error })
        break
      case 'parked':
        counts.parked('effect')
        log.error('effect.parked', { ...fields, error: settlement.error })
        break
    }
  }

  return {
    settle,
    /** Ends what waits to be ended together with others. */
    flush: () => gathering.end(),
  }
}

function createGathering({ settledAtOnce }: Limits) {
  let waiting: (() => void)[] = []

  function end(): void {
    const turns = waiting
    waiting = []
    for (const resolve of turns) resolve()
  }

  return {
    end,
    turn(): Promise<void> {
      return new Promise((resolve) => {
        waiting.push(resolve)
        if (waiting.length >= settledAtOnce) end()
      })
    },
  }
}
