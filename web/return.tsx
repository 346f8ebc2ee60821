import type { App } from '../http/env.ts'

/**
 * Where the bank's page sends a customer back to. It knows nothing and grants nothing: that the
 * browser came back proves no payment. What it was given in its address is neither read nor passed
 * on.
 */
export function mountReturn(app: App): void {
  app.get('/return', (c) => {
    c.header('Cache-Control', 'no-store')
    c.header('Referrer-Policy', 'no-referrer')
    c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    return c.html(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Your payment is being confirmed</title>
        </head>
        <body>
          <main>
            <h1>Your payment is being confirmed</h1>
            <p>Your bank tells us how it went. You can close this page.</p>
          </main>
        </body>
      </html>,
    )
  })
}
