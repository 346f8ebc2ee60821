import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, and fails as networks and servers do. */
export interface TcpProxy {
  readonly port: number
  /** Reads nothing any more, of either side: connections stand, and nothing moves. */
  stall(): void
  /** Cuts every connection and takes no new one. */
  leave(): void
  /** Works again; what stalled goes on. */
  come(): void
  close(): Promise<void>
}

export async function openTcpProxy(to: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let mode: 'working' | 'stalled' | 'away' = 'working'

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  const server = createServer((near) => {
    keep(near)
    if (mode === 'away') {
      near.destroy()
      return
    }
    const far = connect(to.port, to.host)
    keep(far)
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => near.write(bytes))
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    if (mode === 'stalled') {
      near.pause()
      far.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  return {
    port: address.port,
    stall() {
      mode = 'stalled'
      for (const socket of sockets) socket.pause()
    },
    leave() {
      mode = 'away'
      for (const socket of sockets) socket.destroy()
    },
    come() {
      mode = 'working'
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
