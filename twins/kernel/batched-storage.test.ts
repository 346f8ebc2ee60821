import { describe, expect, test } from 'vitest'
import { memoryStorage, openTwin } from '../stripe/twin-fixture.ts'
import type { SandboxStorage } from './storage.ts'

function counting() {
  const kept = memoryStorage()
  let saves = 0
  const storage: SandboxStorage = {
    load: () => kept.load(),
    save(changes) {
      saves += 1
      kept.save(changes)
    },
  }
  return { storage, kept: kept.kept, saves: () => saves }
}

describe('the twin writes', () => {
  test('what many requests of one moment change in few pieces, and each before its answer', async () => {
    const { storage, kept, saves } = counting()
    const { stripe } = openTwin({ storage })
    const answers = Array.from({ length: 40 }, async () => {
      const { id } = await stripe.customers.create({})
      return kept.has(`object/customer/${id}`)
    })
    expect(await Promise.all(answers)).toEqual(answers.map(() => true))
    expect(saves()).toBeLessThan(20)
  })

  test('that a webhook is tried before it is posted, so that a crash meanwhile leaves the retry', async () => {
    const { storage, kept } = counting()
    const booked: boolean[] = []
    const webhook = {
      url: 'http://shop.test',
      secret: 'whsec_1',
      send: () => {
        const [row = ''] = [...kept].flatMap(([key, text]) =>
          key.startsWith('object/sandbox.delivery/') ? [text] : [],
        )
        booked.push(row.includes('"tries":1'))
        return Promise.resolve(200)
      },
    }
    const { stripe, twin } = openTwin({ storage, webhook })
    await stripe.customers.create({})
    await twin.runDue()
    expect(booked).toEqual([true])
  })
})
