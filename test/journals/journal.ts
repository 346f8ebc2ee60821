import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Envelope } from '../../actors/journal/envelope.ts'
import type { Entry, Snapshot } from '../../actors/journal/journal.ts'
import { ActorRef } from '../../values/ids.ts'
import { Instant } from '../../values/instant.ts'
import { JsonObject, canonical } from '../../values/json.ts'

// What a release left in its journals, kept for ever: one file for each story that it lived.

const RecordedSnapshot: z.ZodType<Snapshot> = z.object({
  chart: z.string(),
  version: z.int().positive(),
  state: JsonObject,
  timers: z.array(z.object({ name: z.string(), dueAt: Instant, instance: z.string() })),
})

/** One entry: what came, what was asked for, and the digest of the snapshot after it. */
const RecordedEntry = z.object({
  envelope: Envelope,
  effects: z.array(JsonObject),
  digest: z.string(),
})
export type RecordedEntry = z.infer<typeof RecordedEntry>

export const RecordedJournal = z.object({
  release: z.string(),
  story: z.string(),
  actors: z.array(
    z.object({
      actor: ActorRef,
      entries: z.array(RecordedEntry).min(1),
      /** As the last entry left it. */
      snapshot: RecordedSnapshot,
    }),
  ),
})
export type RecordedJournal = z.infer<typeof RecordedJournal>

export function digestOf(snapshot: Snapshot): string {
  return createHash('sha256').update(canonical(snapshot)).digest('hex').slice(0, 32)
}

export function recordedEntry({ envelope, effects, snapshot }: Entry): RecordedEntry {
  return { envelope, effects: [...effects], digest: digestOf(snapshot) }
}

/** An entry a line, so that a difference between two recordings can be read. */
export function textOf({ release, story, actors }: RecordedJournal): string {
  const written = actors.map(({ actor, entries, snapshot }) =>
    [
      `{"actor":${JSON.stringify(actor)},"entries":[`,
      entries.map((entry) => JSON.stringify(entry)).join(',\n'),
      `],"snapshot":${JSON.stringify(snapshot)}}`,
    ].join('\n'),
  )
  const head = `{"release":${JSON.stringify(release)},"story":${JSON.stringify(story)},"actors":[`
  return `${head}\n${written.join(',\n')}\n]}\n`
}
