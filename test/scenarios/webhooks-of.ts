import type { HeldWebhook, World } from '../world.ts'

/** What Stripe sent of everything that happens meanwhile; nothing of it has reached us yet. */
export async function webhooksOf(
  world: World,
  happening: () => Promise<unknown>,
): Promise<HeldWebhook[]> {
  world.hold()
  await happening()
  await world.settle()
  world.release()
  return world.held.splice(0)
}

/** The only one of this type; of several, the last, or the `nth` from the first. */
export function ofType(webhooks: readonly HeldWebhook[], type: string, nth = -1): HeldWebhook {
  const found = webhooks.filter((webhook) => webhook.type === type).at(nth)
  if (found === undefined) throw new Error(`Stripe has sent no ${type}`)
  return found
}

/** Brings them one after the other, each settled before the next. Fails if one is not taken. */
export async function bring(world: World, webhooks: readonly HeldWebhook[]): Promise<void> {
  for (const { body, type } of webhooks) {
    const { status } = await world.deliver(body)
    if (status !== 200) throw new Error(`${type} was answered ${status}`)
    await world.settle()
  }
}
