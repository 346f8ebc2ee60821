import { EffectRequest } from '../../machines/effects.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import type { ChartName, Word } from './explore.ts'
import { second } from './given.ts'
import { stepping } from './step.ts'

/** One actor that is told one word after the other, each a second later unless it says when. */
export function live(name: ChartName, id: string) {
  const chart = stepping(name)
  let { snapshot } = chart.begin({ id })
  let now = second(0)
  let seq = 1

  function stamped(word: Word, at: Instant) {
    return { ...word, at, by: 'operator:ada', seq }
  }

  return {
    /** Tells it, and answers what it then asks for. */
    tell: (word: Word, at: Instant = plusMs(now, 1000)): EffectRequest[] => {
      now = at
      const step = chart.step(snapshot, stamped(word, at))
      snapshot = step.snapshot
      seq += 1
      return step.actions
        .filter(({ type }) => type === 'effect')
        .map(({ params }) => EffectRequest.parse(params))
    },
    /** False if the request would be refused now. */
    takes: (word: Word): boolean => snapshot.can(stamped(word, now)),
    state: (): unknown => snapshot.value,
    context: (): unknown => snapshot.context,
    /** The number of the next entry. */
    seq: (): number => seq,
  }
}
