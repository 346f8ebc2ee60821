import { createRoute, z } from '@hono/zod-openapi'
import { BadCursor } from '../../actors/port-errors.ts'
import { ask, newId } from '../actors/command.ts'
import { accountEntry, refOf } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type App } from '../env.ts'
import { access, wideAccess } from '../middleware/auth.ts'
import { isPrintable, printableRule } from '../middleware/text.ts'
import { presentAccount, WireAccount } from '../resources/account.ts'
import {
  IdParams,
  json,
  jsonBody,
  KeyHeader,
  problemResponses,
  PageQuery,
  pageOf,
  postProblemResponses,
} from '../resources/wire.ts'

const NewAccount = z
  .strictObject({
    email: z.email().max(320).openapi({ example: 'ada@example.com' }),
    name: z.string().min(1).max(200).refine(isPrintable, printableRule).optional(),
    currency: z
      .string()
      .regex(/^[a-z]{3}$/, 'must be a currency such as usd')
      .default('usd')
      .openapi({ description: 'Of all its invoices; it cannot be changed later.', example: 'usd' }),
  })
  .openapi('NewAccount')

const createAccount = createRoute({
  ...wideAccess('dashboard', 'admin'),
  method: 'post',
  path: '/v1/accounts',
  tags: ['Accounts'],
  summary: 'Creates an account',
  request: { headers: KeyHeader, body: jsonBody(NewAccount) },
  responses: {
    201: json(WireAccount, 'The account; Location says where'),
    ...postProblemResponses(),
  },
})

const getAccount = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/accounts/{id}',
  tags: ['Accounts'],
  summary: 'An account, with its payment methods and subscriptions',
  request: { params: IdParams },
  responses: {
    200: json(WireAccount, 'The account as it is now'),
    ...problemResponses('not_found'),
  },
})

const listAccounts = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/accounts',
  tags: ['Accounts'],
  summary: 'Accounts, page by page, in the order of their ids',
  request: { query: z.strictObject(PageQuery) },
  responses: {
    200: json(pageOf(WireAccount).openapi('AccountList'), 'One page'),
    ...problemResponses('invalid_request'),
  },
})

/** The routes of this area, from which a typed client is made. */
export const accountRoutes = { createAccount, getAccount, listAccounts } as const

export function mountAccounts(app: App, deps: HttpDeps): void {
  app.openapi(createAccount, async (c) => {
    const { email, name = null, currency } = c.req.valid('json')
    const to = refOf('account', newId(c, 'acct'))
    const event = {
      type: 'account.create',
      email,
      name,
      currency,
      provider: deps.provider,
    } as const
    const account = presentAccount(await ask(c, deps, to, event))
    c.header('Location', `/v1/accounts/${account.id}`)
    return c.json(account, 201)
  })

  app.openapi(getAccount, async (c) => {
    const entry = await accountEntry(c, deps, c.req.valid('param').id)
    return c.json(presentAccount(entry), 200)
  })

  app.openapi(listAccounts, async (c) => {
    const { cursor = null, limit } = c.req.valid('query')
    const { accounts } = principalOf(c)
    const page =
      accounts === null
        ? await deps.store.viewRows('accounts', '', { cursor, limit })
        : pageOfOwn(accounts, cursor, limit)
    const entries = await Promise.all(
      page.items.map(({ key }) => deps.runtime.read(refOf('account', key))),
    )
    const data = entries.flatMap((entry) => (entry === null ? [] : [presentAccount(entry)]))
    return c.json({ object: 'list' as const, data, next_cursor: page.cursor }, 200)
  })
}

/**
 * The accounts of a key that may see only some; the cursor is the last id of the page before.
 * Throws BadCursor of any other.
 */
function pageOfOwn(accounts: readonly string[], cursor: string | null, limit: number) {
  if (cursor !== null && !accounts.includes(cursor)) throw new BadCursor('no such account')
  const rest = [...accounts].sort().filter((id) => cursor === null || id > cursor)
  const items = rest.slice(0, limit).map((key) => ({ key }))
  return { items, cursor: rest.length > limit ? (items.at(-1)?.key ?? null) : null }
}
