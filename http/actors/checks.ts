import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf, valueOf } from '../../actors/decision/read-snapshot.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { isRefusal, payableWith, refusalOfTerms } from '../../machines/catalog/sale.ts'
import type { Standing } from '../../machines/chart-types.ts'
import { InvoiceCommand } from '../../machines/invoice/events.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import type { Refusal } from '../../machines/refusals.ts'
import { SubscriptionCommand } from '../../machines/subscription/events.ts'
import { typeOf, type ActorRef } from '../../values/ids.ts'
import type { JsonObject } from '../../values/json.ts'
import type { HttpDeps } from '../deps.ts'

// What every door asks of `machines/` before it sends a command, because the actor that takes it
// does not know the account: the same answer through `/v1` and `/admin`.

export interface Command {
  readonly to: ActorRef
  readonly event: JsonObject & { readonly type: string }
}

/** Why the business refuses this command; null where it does not, or leaves it to the actor. */
export function refusalOf(deps: HttpDeps, command: Command): Promise<Refusal | null> {
  switch (typeOf(command.to)) {
    case 'invoice':
      return refusalOfPayment(deps, command)
    case 'subscription':
      return refusalOfCreation(deps, command)
    default:
      return Promise.resolve(null)
  }
}

async function refusalOfPayment(deps: HttpDeps, { to, event }: Command): Promise<Refusal | null> {
  const asked = InvoiceCommand.safeParse(event)
  if (!asked.success || asked.data.type !== 'invoice.pay') return null
  const invoice = await deps.runtime.read(to)
  const account = invoice === null ? null : contextOf(invoice, InvoiceContext).account
  const known = account === null ? null : await deps.runtime.read(account)
  if (known === null) return null
  const method = payableWith(contextOf(known, AccountContext), asked.data.paymentMethod)
  return isRefusal(method) ? method : null
}

async function refusalOfCreation(deps: HttpDeps, { event }: Command): Promise<Refusal | null> {
  const asked = SubscriptionCommand.safeParse(event)
  if (!asked.success || asked.data.type !== 'subscription.create') return null
  const account = await deps.runtime.read(asked.data.account)
  return account === null ? null : refusalOfTerms(asked.data.terms, standingOf(account))
}

/** An account's entry as `machines/` asks about it. */
export function standingOf(account: Entry): Standing<AccountContext> {
  return { value: valueOf(account), context: contextOf(account, AccountContext) }
}
