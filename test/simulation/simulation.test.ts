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
  console.log(world.clock.now(), world.twin.nextJobAt(), await store.nextTimerAt(), await store.nextClaimAt())
  const t1 = performance.now()
  await comesToRest(world)
  const t2 = performance.now()
  const faults = await faultsAtTheEnd(world)
  const { readJournal: rj } = await import('./journals.ts')
  const j = await rj(store)
  const tally: Record<string, number> = {}
  for (const [actor, entries] of j) { const e = entries.at(-1)!; const k = actor.split('/')[0] + ' ' + JSON.stringify((e.snapshot.state['value'] as any).status ?? (e.snapshot.state['value'] as any).standing ?? e.snapshot.state['value']); tally[k] = (tally[k] ?? 0) + 1 }
  console.log(JSON.stringify(world.twin.chaos.get()), world.requests(), [...j.values()].flat().length, JSON.stringify(tally))
  const byType: Record<string, number> = {}
  for (const entries of j.values()) for (const e of entries) { const k = e.actor.split('/')[0] + ' ' + e.envelope.event.type; byType[k] = (byType[k] ?? 0) + 1 }
  if (process.env['COUNT']) console.log(JSON.stringify(Object.fromEntries(Object.entries(byType).sort((a, b) => b[1] - a[1]).slice(0, 12)), null, 1))
  console.log(seed, t1 - t0, t2 - t1, performance.now() - t2, world.deaths(), faults.length, faults.slice(0, 30).join('\n'))
  if (process.env['DEBUG']) {
    const want = process.env['DEBUG']
    const { readJournal } = await import('./journals.ts')
    for (const [actor, entries] of await readJournal(world.store)) if (actor.includes(want) && !process.env['COUNT']) for (const e of entries) console.log(actor, e.seq, e.committedAt, e.envelope.occurredAt, e.changed, JSON.stringify(e.envelope.event).slice(0, 400), JSON.stringify(e.snapshot.state['value']), e.effects.map((x) => x.kind + ':' + JSON.stringify(x['event'] ?? x['object'] ?? '').slice(0,80)).join(' '))
    for await (const ev of world.stripe.events.list({ limit: 100 })) if (JSON.stringify(ev).includes(want)) console.log(ev.created, ev.type, ev.id)
    const show = process.env['SHOW']; if (show) console.log(JSON.stringify(await world.stripe.paymentIntents.retrieve(show), null, 1))
    for await (const ip of world.stripe.invoicePayments.list({ limit: 100 })) if (JSON.stringify(ip).includes(want)) console.log(JSON.stringify(ip))
  }
  await world.close()
  }
  expect(1).toBe(1)
}, 600_000)
