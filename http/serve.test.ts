import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openApi } from '../test/harness/api.ts'
import { keyOf } from '../test/harness/process.ts'
import { haveActive } from '../test/harness/provider-says.ts'
import { defaultConnectionLimits, listen, type Listener } from './serve.ts'

const local = { host: '127.0.0.1', port: 0 }

async function raw(listening: Listener, request: string): Promise<string> {
  const { hostname, port } = new URL(listening.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request))
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      text += part
      if (text.includes('\r\n\r\n')) socket.end()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

describe('listening', () => {
  test('answers over loopback at the address that it tells', async () => {
    const listening = await listen(openApi().app, local)
    const response = await fetch(`${listening.url}/healthz`)
    expect(await response.json()).toEqual({ status: 'ok' })
    await listening.close(1_000)
    await expect(fetch(`${listening.url}/healthz`)).rejects.toThrow()
  })

  test('a port that is taken is refused, with what to do about it', async () => {
    const first = await listen(openApi().app, local)
    const port = Number(new URL(first.url).port)
    await expect(listen(openApi().app, { ...local, port })).rejects.toMatchObject({
      code: 'port_unavailable',
      message: `Tenure can't listen on 127.0.0.1:${port} (EADDRINUSE): stop the process that has it, or set PORT to another`,
    })
    await first.close(0)
  })

  test('an address of another machine is refused, with what to do about it', async () => {
    await expect(listen(openApi().app, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'port_unavailable',
      message: expect.stringContaining('set HOST and PORT to an address of this machine'),
    })
  })

  test('an open stream is cut after the grace, so that the process can end', async () => {
    const api = openApi()
    await haveActive(api)
    const listening = await listen(api.app, local)
    const headers = { authorization: `Bearer ${keyOf.dashboard}` }
    const response = await fetch(`${listening.url}/v1/subscriptions/sub_one/stream`, { headers })
    const reader = response.body?.getReader()
    await reader?.read()
    await listening.close(10)
    const rest = reader?.read().then(({ done }) => done)
    await expect(rest?.catch(() => true)).resolves.toBe(true)
  })

  test('413: a body that says it is too large is refused before it is sent', async () => {
    const listening = await listen(openApi().app, local)
    const head =
      'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      'Content-Length: 99999999\r\nConnection: close\r\n\r\n'
    expect(await raw(listening, head)).toMatch(/^HTTP\/1\.1 413 /)
    await listening.close(0)
  })

  test('an id with an encoded slash and number sign reaches its route whole', async () => {
    const api = openApi()
    const asked: string[] = []
    const spied = openApi({
      store: api.store,
      runtime: (real) => ({
        ...real,
        async retryParked(id) {
          asked.push(id)
          return { outcome: 'unknown' }
        },
      }),
    })
    const listening = await listen(spied.app, local)
    const id = encodeURIComponent('account/a#1.0')
    await fetch(`${listening.url}/admin/parked/${id}/retry`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf.admin}`, 'x-operator': 'maria' },
    })
    expect(asked).toEqual(['account/a#1.0'])
    await listening.close(0)
  })
})

/**
 * A connection that has sent `bytes` and no more; resolves when it is closed, with what it was
 * sent.
 */
function halfSent(listening: Listener, bytes: string): Promise<string> {
  const { hostname, port } = new URL(listening.url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => (text += part))
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

describe('a connection that stands and costs', () => {
  const hasty = { ...defaultConnectionLimits, headersMs: 40, requestMs: 80, checkMs: 10 }

  test.each`
    bytes                                                                         | why
    ${''}                                                                         | ${'nothing was sent'}
    ${'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\n'}                            | ${'the headers have no end'}
    ${'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{'} | ${'the body has no end'}
  `('is closed in time, though $why', async ({ bytes }) => {
    const listening = await listen(openApi().app, local, hasty)
    const answers = await Promise.all([1, 2, 3].map(() => halfSent(listening, bytes)))
    for (const answer of answers) expect(answer).toMatch(/^$|^HTTP\/1\.1 408 /)
    expect((await fetch(`${listening.url}/healthz`)).status).toBe(200)
    await listening.close(0)
  })

  test('is closed at once beyond the most that may be open', async () => {
    const limits = { ...defaultConnectionLimits, connections: 1 }
    const listening = await listen(openApi().app, local, limits)
    const first = connect(Number(new URL(listening.url).port), '127.0.0.1')
    await once(first, 'connect')
    expect(await halfSent(listening, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('')
    first.destroy()
    await listening.close(0)
  })

  test('431: headers beyond their size are refused', async () => {
    const listening = await listen(openApi().app, local)
    const head = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`
    expect(await halfSent(listening, head)).toMatch(/^HTTP\/1\.1 431 /)
    await listening.close(0)
  })
})
