import { describe, expect, test } from 'vitest'
import { canonical } from '../../values/json.ts'
import { tales, type Tale } from './confluence-stories.ts'
import { explore, type Exploration, type Story } from './explore.ts'
import { sampleIds } from './samples.ts'

function story(tale: Tale, reads: Story['reads'], times: number): Story {
  const { chart, happened, shown } = tale
  const told = { chart, id: sampleIds[chart], happened, times, reads }
  return shown === undefined ? told : { ...told, shown }
}

/** One line an ending, so that two can be compared by eye. */
function endings({ endings: all }: Exploration): string[] {
  return all.map(({ state, order }) => `${state}\n  after ${order.join(', ')}`)
}

/** Each receiver last heard the same in every order. */
function expectOneSummary({ lastTold }: Exploration): void {
  for (const [to, summaries] of lastTold) {
    expect([...summaries], `what ${to} is told last`).toHaveLength(1)
  }
}

/** The last event on each object, which a fresh read shows. */
function truthOf({ happened }: Tale): string[] {
  const last = new Map(
    happened.flatMap(({ object, event }) =>
      object === null || !('facts' in event) ? [] : [[object, canonical(event['facts'])] as const],
    ),
  )
  return [...last.values()]
}

describe('every order of up to five events, each delivered twice, ends in one state', () => {
  describe('where a read shows how things ended, and then that is what is known', () => {
    test.each(tales)('of a $chart: $tells', (tale) => {
      const found = explore(story(tale, 'final', 2))
      expect(endings(found)).toHaveLength(1)
      expectOneSummary(found)
      if (tale.unknown) return
      for (const facts of truthOf(tale)) expect(found.endings[0]?.state).toContain(facts)
    })
  })

  describe('where a read shows how things stood when it was made', () => {
    test.each(tales)('of a $chart: $tells', (tale) => {
      const found = explore(story(tale, 'live', 1))
      expect(endings(found)).toHaveLength(1)
      expectOneSummary(found)
    })
  })

  describe('where the provider no longer has the object', () => {
    test.each(tales)('of a $chart: $tells', (tale) => {
      const found = explore(story(tale, 'missing', 2))
      expect(endings(found)).toHaveLength(1)
      expectOneSummary(found)
    })
  })
})
