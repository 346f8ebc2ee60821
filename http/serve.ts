import { serve } from '@hono/node-server'

export interface Listener {
  /** With the port that was given, or the free one that port 0 found. */
  readonly url: string
  /**
   * Takes no new connections, lets running requests end for `graceMs`, then cuts what is left
   * (streams).
   */
  close(graceMs: number): Promise<void>
}

/** A Hono app, ours or the sandbox's. */
export interface FetchApp {
  readonly fetch: (request: Request) => Response | Promise<Response>
}

export interface Place {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Who listens, for the message of an error; by default Tenure. */
  readonly name?: string
}

/** What a connection may cost us. Times are in milliseconds. */
export interface ConnectionLimits {
  /**
   * From the connection, or the request before, to the end of a request's headers; also where
   * nothing is sent.
   */
  readonly headersMs: number
  /** From a request's first byte to its last. */
  readonly requestMs: number
  /** How often both are looked at: what is over is closed at most this much later. */
  readonly checkMs: number
  /** For how long a connection waits for its next request. */
  readonly keepAliveMs: number
  /** For how long nothing at all may move, such as an answer that is not read. */
  readonly silentMs: number
  readonly headerBytes: number
  /** Connections at once; one more is closed at once. */
  readonly connections: number
}

export const defaultConnectionLimits: ConnectionLimits = {
  // Stripe and browsers send a request in one go; a phone on a bad line needs seconds.
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2_000,
  // Longer than the 60 s of the usual proxies: who closes first must be the proxy, or it meets a
  // closed connection.
  keepAliveMs: 65_000,
  // Longer than a sandbox's journey of a year, which says nothing on its way; streams speak every
  // 15 s.
  silentMs: 600_000,
  headerBytes: 16_384,
  // Streams and requests together stay far below it, and a process may have about as many files as
  // this.
  connections: 8_000,
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
export function listen(
  app: FetchApp,
  at: Place,
  limits: ConnectionLimits = defaultConnectionLimits,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(new PortUnavailable(at, error))
    const options = {
      fetch: app.fetch,
      hostname: at.host,
      port: at.port,
      serverOptions: {
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        connectionsCheckingInterval: limits.checkMs,
        keepAliveTimeout: limits.keepAliveMs,
        maxHeaderSize: limits.headerBytes,
      },
    }
    const server = serve(options, (info) => {
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
    server.maxConnections = limits.connections
    if ('closeAllConnections' in server) server.setTimeout(limits.silentMs)
  })
}
