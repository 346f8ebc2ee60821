import type { App } from '../env.ts'

/** The OpenAPI 3.1 document of every route that was mounted before. */
export type ApiDocument = ReturnType<App['getOpenAPI31Document']>

const about = `\
Subscription billing as durable statecharts. What a response shows is what the payment provider
confirmed; what was asked for is answered 202 and confirmed later.

Send \`Authorization: Bearer <key>\`. Every POST takes an \`Idempotency-Key\`. Every answer carries
\`X-Request-Id\`. A no is \`application/problem+json\` with a stable \`code\`, explained in
[/docs/errors](/docs/errors).`

/**
 * Serves the document at `/openapi.json`, and answers with a function that gives it. Mount it last:
 * it is made once, when it is first asked for, from the routes that are there.
 */
export function mountOpenApi(app: App): () => ApiDocument {
  let made: ApiDocument | null = null
  const document = (): ApiDocument => (made ??= documentOf(app))
  app.get('/openapi.json', (c) => c.json(document()))
  return document
}

function documentOf(app: App): ApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key. Each route lists the roles that may use it.',
  })
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Tenure', version: '1', description: about },
    tags: [
      { name: 'Accounts', description: 'Customers, and how they pay.' },
      { name: 'Plans', description: 'What is sold.' },
      { name: 'Subscriptions', description: 'Who has which plan, since when and until when.' },
      { name: 'Invoices', description: 'What is owed and what was paid.' },
      { name: 'Entitlements', description: 'What an account may use, for product services.' },
      { name: 'Admin', description: 'Any actor, now and at any past moment.' },
      { name: 'Webhooks', description: 'What the providers send.' },
      { name: 'Sandbox', description: 'A clock and a network to play with.' },
      { name: 'Operations', description: 'Health and numbers.' },
    ],
  })
}
