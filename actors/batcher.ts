import { everythingReady } from './pause.ts'

export interface GroupOptions<Item, Answer> {
  /** The most weight in one run; a single heavier item runs alone. */
  readonly max: number
  weightOf(item: Item): number
  /** Answers each item, in order. If it rejects, every item of the run does. */
  run(items: readonly Item[]): Promise<readonly Answer[]>
}

interface Put<Item, Answer> {
  readonly item: Item
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * Makes one round trip of many small ones: while one run is on its way, what comes in gathers for
 * the next. Runs never overlap, and items keep their order.
 */
export function createGroup<Item, Answer>(options: GroupOptions<Item, Answer>) {
  const waiting: Put<Item, Answer>[] = []
  let isRunning = false

  function next(): Put<Item, Answer>[] {
    let weight = 0
    let count = 0
    for (const { item } of waiting) {
      weight += options.weightOf(item)
      if (count > 0 && weight > options.max) break
      count += 1
    }
    return waiting.splice(0, count)
  }

  async function runAll(): Promise<void> {
    isRunning = true
    // What is being decided at this moment can still come along.
    await everythingReady()
    while (waiting.length > 0) {
      const puts = next()
      try {
        const answers = await options.run(puts.map((put) => put.item))
        puts.forEach((put, index) => {
          const answer = answers[index]
          if (answer === undefined) put.reject(new Error('a grouped run left an item unanswered'))
          else put.resolve(answer)
        })
      } catch (error) {
        for (const put of puts) put.reject(error)
      }
      await everythingReady()
    }
    isRunning = false
  }

  return function put(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!isRunning) void runAll()
    })
  }
}
