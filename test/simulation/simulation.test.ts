import { expect, test } from 'vitest'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { comesToRest, faultsAtTheEnd } from './ending.ts'
import { play } from './story.ts'
import { openSimulation } from './world.ts'

test('x', async () => {
  const seeds = (process.env['SEED'] ?? '1').split(',')
  for (const seed of seeds) {
  const store = createEmbeddedStore(openFile(':memory:'))
  const world = await openSimulation({ seed, stores: async () => store, processes: 2 })
  const t0 = performance.now()
  if (process.env['WEATHER'] !== 'fair') world.storm()
  await play(world, { customers: 3, days: 75 })
  const t1 = performance.now()
  await comesToRest(world)
  const t2 = performance.now()
  const faults = await faultsAtTheEnd(world)
  console.log(seed, t1 - t0, t2 - t1, performance.now() - t2, world.deaths(), faults.length, faults.slice(0, 30).join('\n'))
  if (process.env['DEBUG']) {
    const want = process.env['DEBUG']
    const { readJournal } = await import('./journals.ts')
    for (const [actor, entries] of await readJournal(world.store)) if (actor.includes(want)) for (const e of entries) console.log(actor, e.seq, e.committedAt, e.envelope.occurredAt, e.changed, JSON.stringify(e.envelope.event).slice(0, 400), JSON.stringify(e.snapshot.state['value']), e.effects.map((x) => x.kind + ':' + JSON.stringify(x['event'] ?? x['object'] ?? '').slice(0,80)).join(' '))
    for await (const ev of world.stripe.events.list({ limit: 100 })) if (JSON.stringify(ev).includes(want)) console.log(ev.created, ev.type, ev.id)
    const show = process.env['SHOW']; if (show) console.log(JSON.stringify(await world.stripe.paymentIntents.retrieve(show), null, 1))
    for await (const ip of world.stripe.invoicePayments.list({ limit: 100 })) if (JSON.stringify(ip).includes(want)) console.log(JSON.stringify(ip))
  }
  await world.close()
  }
  expect(1).toBe(1)
}, 600_000)
