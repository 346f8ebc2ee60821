import type { Courier, HeldWebhook, System } from './system.ts'

/** Delivers each webhook in its order, after all that the one before led to. */
export function oneByOne(system: System): Courier {
  const waiting: HeldWebhook[] = []
  return {
    take: (webhook) => waiting.push(webhook),
    nextAt: () => (waiting.length > 0 ? system.clock.now() : null),
    async bring() {
      const webhook = waiting.shift()
      if (webhook === undefined) return
      const { status } = await system.deliver(webhook.body)
      if (status !== 200) throw new Error(`${webhook.type} was answered ${status}`)
    },
  }
}
