import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openApi } from '../../test/harness/api.ts'
import { quietSandbox } from '../../test/harness/quiet-sandbox.ts'
import { adminActorRoutes } from '../admin/actors.ts'
import { adminParkedRoutes } from '../admin/parked.ts'
import { operationRoutes } from '../operations/health.ts'
import { problemCodes } from '../problem.ts'
import { sandboxRoutes } from '../sandbox/sandbox.ts'
import { accountRoutes } from '../v1/accounts.ts'
import { entitlementRoutes } from '../v1/entitlements.ts'
import { invoiceRoutes } from '../v1/invoices.ts'
import { paymentMethodRoutes } from '../v1/payment-methods.ts'
import { planRoutes } from '../v1/plans.ts'
import { subscriptionStreamRoutes } from '../v1/subscription-stream.ts'
import { subscriptionRoutes } from '../v1/subscriptions.ts'
import { webhookRoutes } from '../webhooks/webhooks.ts'

const Operation = z.object({
  summary: z.string().min(1),
  tags: z.array(z.string()).length(1),
  security: z.array(z.object({ key: z.array(z.string()).min(1) })),
  parameters: z
    .array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']) }).loose())
    .default([]),
  requestBody: z.looseObject({}).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().min(1) }).loose()),
})

const Document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.enum(['get', 'post']), Operation.optional())),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.object({ key: z.object({ type: z.literal('http') }) }),
  }),
})

const api = openApi({ sandbox: quietSandbox() })
const { text, json } = await api.ask('GET /openapi.json', { key: null })
const document = Document.parse(json)
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, operation]) =>
    operation ? [{ route: `${method.toUpperCase()} ${path}`, path, method, operation }] : [],
  ),
)

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
})
const Body = z.object({ content: z.record(z.string(), z.object({ schema: Schema })) })

/** The paths of a body's objects that take fields which they do not name. */
function looseIn(requestBody: object): string[] {
  const { success, data } = Body.safeParse(requestBody)
  if (!success) return []
  return Object.values(data.content).flatMap(({ schema }) => looseObjects(schema, []))
}

function looseObjects(given: unknown, path: readonly string[]): string[] {
  const schema = Schema.parse(given)
  const name = schema.$ref?.split('/').at(-1)
  if (name !== undefined) return looseObjects(document.components.schemas[name], path)
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    looseObjects(value, [...path, key]),
  )
  const isLoose = schema.type === 'object' && schema.additionalProperties !== false
  return isLoose ? [path.join('.'), ...inner] : inner
}

/** Every area exports its routes, for a client that is typed from them. */
const exported = {
  ...accountRoutes,
  ...adminActorRoutes,
  ...adminParkedRoutes,
  ...entitlementRoutes,
  ...invoiceRoutes,
  ...operationRoutes,
  ...paymentMethodRoutes,
  ...planRoutes,
  ...sandboxRoutes,
  ...subscriptionRoutes,
  ...subscriptionStreamRoutes,
  ...webhookRoutes,
}

describe('the OpenAPI document', () => {
  test('holds the routes that the areas export, each under one name', () => {
    const routes = Object.values(exported).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    )
    expect(routes.sort()).toEqual(operations.map(({ route }) => route).sort())
  })

  test('holds every route that is mounted, and no other', () => {
    const pages = ['GET /return', 'GET /openapi.json', 'GET /docs', 'GET /docs/errors']
    const mounted = api.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const listed = operations.map(({ route }) => route)
    expect(new Set([...listed, ...pages])).toEqual(new Set(mounted))
  })

  test('refers to nothing that it does not hold', () => {
    const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    )
    expect(refs.length).toBeGreaterThan(20)
    expect(refs.filter((name) => !Object.hasOwn(document.components.schemas, name ?? ''))).toEqual(
      [],
    )
  })

  test.each(operations)('$route names its path parameters, its tag and its problems', (one) => {
    const { path, method, operation } = one
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const given = operation.parameters.filter((parameter) => parameter.in === 'path')
    expect(given.map(({ name }) => name)).toEqual(wanted)
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(operation.tags))
    const statuses = Object.keys(operation.responses)
    const closed = operation.security.length > 0
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true)
    if (closed) expect(statuses).toEqual(expect.arrayContaining(['401', '403', '503']))
    if (closed && wanted.length > 0) expect(statuses).toContain('404')
    const hasKey = operation.parameters.some(({ name }) => name === 'idempotency-key')
    expect(hasKey).toBe(closed && method === 'post')
  })

  test('lets no request have a field that it does not name, but for what a chart or the sandbox reads', () => {
    const loose = operations.flatMap(({ route, operation }) =>
      looseIn(operation.requestBody ?? {}).map((path) => `${route} ${path}`),
    )
    expect(loose).toEqual(['POST /admin/actors/{type}/{id}/events event', 'POST /sandbox/chaos '])
  })

  test('shows every no with an example, and describes the members of a problem', () => {
    const unshown = problemCodes().filter((code) => !text.includes(`"code":"${code}"`))
    // Of every route: a fault of ours, and a path or a method that is no route.
    expect(unshown.sort()).toEqual([
      'actor_type_unknown',
      'internal',
      'method_not_allowed',
      'route_unknown',
    ])
    expect(document.components.schemas).toHaveProperty('Problem')
  })
})
