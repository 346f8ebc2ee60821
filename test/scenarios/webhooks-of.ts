import type { HeldWebhook, System } from '../harness/system.ts'

/** What Stripe sent of everything that happens meanwhile; nothing of it has reached us yet. */
export async function webhooksOf(
  system: System,
  happening: () => Promise<unknown>,
): Promise<HeldWebhook[]> {
  system.hold()
  await happening()
  await system.settle()
  system.release()
  return system.held.splice(0)
}

/** The only one of this type; of several, the last, or the `nth` from the first. */
export function ofType(webhooks: readonly HeldWebhook[], type: string, nth = -1): HeldWebhook {
  const found = webhooks.filter((webhook) => webhook.type === type).at(nth)
  if (found === undefined) throw new Error(`Stripe has sent no ${type}`)
  return found
}

/** Brings them one after the other, each settled before the next. Fails if one is not taken. */
export async function bring(system: System, webhooks: readonly HeldWebhook[]): Promise<void> {
  for (const { body, type } of webhooks) {
    const { status } = await system.deliver(body)
    if (status !== 200) throw new Error(`${type} was answered ${status}`)
    await system.settle()
  }
}
