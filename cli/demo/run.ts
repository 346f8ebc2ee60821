import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type Config } from '../../app/config.ts'
import { dictionaries } from '../../app/dictionaries.ts'
import { createLog } from '../../app/log.ts'
import { openPlatform } from '../../app/open.ts'
import { openStore } from '../../persistence/open.ts'
import { systemClock } from '../../scheduler/clock.ts'
import { instant, msOf, msPerDay, plusDays, type Instant } from '../../values/instant.ts'
import { createApi, type DemoTarget } from './api.ts'
import { StoryBroken, tellStory, type StoryEnd } from './story.ts'

/** Every webhook doubled, shuffled, up to a day late, and a third of them lost until retried. */
const worstChaos = {
  seed: 'demo',
  duplicate: 1,
  shuffle: true,
  delayMaxSeconds: 86_400,
  dropUntilRetry: 1 / 3,
}

const say = (line: string) => process.stdout.write(`${line}\n`)

/**
 * Plays the story on a platform of its own: over HTTP, with the real SDK and signed webhooks, on a
 * store of its own (in MongoDB if MONGODB_URI is set, in a new file if not) that is removed
 * afterwards. Answers 1 if an expectation fails, or if the second telling ends otherwise than the
 * first.
 */
export async function demo(): Promise<number> {
  try {
    say('With a network that behaves:\n')
    const beginsAt = plusDays(dayOf(systemClock().now()), 2)
    const calm = await tellOn(null, beginsAt)
    say(
      '\nWith every webhook doubled, shuffled, up to a day late, and a third lost until retried:\n',
    )
    const chaotic = await tellOn(worstChaos, beginsAt)
    const [first, second] = [JSON.stringify(calm), JSON.stringify(chaotic)]
    if (first !== second) throw new StoryBroken(`the endings differ:\n  ${first}\n  ${second}`)
    say(`\nBoth end in the same state: ${first}`)
    say('The story went as told.')
    return 0
  } catch (error) {
    if (!(error instanceof StoryBroken)) throw error
    say(`\nThe story broke: ${error.message}`)
    return 1
  }
}

/** Noon, so that the seconds that pass while the story is told change no date in it. */
function dayOf(now: Instant): Instant {
  return instant(Math.floor(msOf(now) / msPerDay) * msPerDay + msPerDay / 2)
}

async function tellOn(chaos: typeof worstChaos | null, beginsAt: Instant): Promise<StoryEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'tenure-demo-'))
  const config = demoConfig(folder)
  const platform = await openPlatform(config, createLog(config.logLevel))
  try {
    if (!platform.sandbox) throw new Error('the demo needs the sandbox: unset STRIPE_SECRET_KEY')
    const target: DemoTarget = { url: platform.url, keys: platform.sandbox.home.kept.keys }
    if (chaos) await createApi(target).post('admin', '/sandbox/chaos', chaos)
    return await tellStory({ target, beginsAt, say, expectEachStep: chaos === null })
  } finally {
    await platform.stop()
    await dropStore(config)
    await rm(folder, { recursive: true, force: true })
  }
}

/** The environment's, but for what must be the demo's own. */
function demoConfig(folder: string): Config {
  const { MONGODB_URI: uri, LOG_LEVEL: level } = process.env
  return readConfig({
    PORT: '0',
    TENURE_DATA: folder,
    LOG_LEVEL: level ?? 'error',
    ...(uri ? { MONGODB_URI: ownDatabase(uri) } : {}),
  })
}

function ownDatabase(uri: string): string {
  const url = new URL(uri)
  url.pathname = `/tenure_demo_${randomBytes(4).toString('hex')}`
  return url.href
}

async function dropStore({ store }: Config): Promise<void> {
  if (store.kind !== 'mongo') return
  const opened = await openStore({ mongodbUri: store.uri, path: '', dictionaries })
  if (opened.home === 'mongo') await opened.db.dropDatabase()
  await opened.store.close()
}
