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

export interface Place {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Who listens, for the message of an error; by default Tenure. */
  readonly name?: string
}

/** The address can't be listened on. The message says which, why, and what to set. */
export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable'
  readonly code = 'port_unavailable'

  constructor(place: Place, cause: Error) {
    const why = 'code' in cause ? String(cause.code) : cause.message
    const remedy = remedies[why] ?? 'set HOST and PORT to an address of this machine'
    const { name = 'Tenure', host, port } = place
    super(`${name} can't listen on ${host}:${port} (${why}): ${remedy}`, { cause })
  }
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop the process that has it, or set PORT to another',
  EACCES: 'set PORT to one above 1023, which any user may have',
}

/** Listens. Rejects with PortUnavailable if it can't. */
export function listen(app: Served, at: Place): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(new PortUnavailable(at, error))
    const server = serve({ fetch: app.fetch, hostname: at.host, port: at.port }, (info) => {
      server.off('error', refuse)
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
    server.once('error', refuse)
  })
}
