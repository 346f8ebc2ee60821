import { serve } from '@hono/node-server'

export interface Listening {
  /** With the port that was given, or the free one that port 0 found. */
  readonly url: string
  /**
   * Takes no new connections, lets running requests end for `graceMs`, then cuts what is left
   * (streams).
   */
  close(graceMs: number): Promise<void>
}

/** A Hono app, ours or the sandbox's. */
export interface Served {
  readonly fetch: (request: Request) => Response | Promise<Response>
}

/** Listens. Rejects if the port is taken. */
export function listen(app: Served, at: { host: string; port: number }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: at.host, port: at.port }, (info) => {
      server.off('error', reject)
      const host = at.host.includes(':') ? `[${at.host}]` : at.host
      resolve({
        url: `http://${host}:${info.port}`,
        close: (graceMs) =>
          new Promise((closed, failed) => {
            const cut = setTimeout(() => {
              if ('closeAllConnections' in server) server.closeAllConnections()
            }, graceMs)
            server.close((error) => {
              clearTimeout(cut)
              if (error) failed(error)
              else closed()
            })
            if ('closeIdleConnections' in server) server.closeIdleConnections()
          }),
      })
    })
    server.once('error', reject)
  })
}
