import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { commitOf } from '../actors/journal/commit-of.ts'
import { dictionaries } from '../app/dictionaries.ts'
import { openStore } from '../persistence/open.ts'
import { aSubscriber } from '../test/harness/scenario.ts'
import { readJournal } from '../test/simulation/journals.ts'
import { show } from './show.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-show-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a webhook is shown to the last character, from a store that keeps it packed', async () => {
  const { system } = await aSubscriber({ seed: 'show' })
  const webhook = [...(await readJournal(system.store)).values()]
    .flat()
    .find(({ envelope }) => envelope.event.type === 'event.received')
  await system.close()
  if (webhook === undefined) throw new Error('a subscriber had webhooks')
  const location = { mongodbUri: null, path: join(folder, 'tenure.db'), dictionaries }
  const { store } = await openStore(location)
  await store.append([commitOf(null, { entry: webhook, rows: [] })])
  await store.close()

  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const shown = await show({ rest: [webhook.actor, '1'], to: null }, () => openStore(location))
  const text = printed.mock.calls.join('')
  printed.mockRestore()
  expect(shown).toBe(0)
  expect(JSON.parse(text)).toStrictEqual(webhook)
})
