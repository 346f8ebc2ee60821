import { z } from 'zod'

/** Keys of the three roles, as `npm start` prints them. */
export interface DemoKeys {
  readonly dashboard: string
  readonly admin: string
  readonly service: string
}

export interface DemoTarget {
  /** Where the API is, such as `http://127.0.0.1:4600`. */
  readonly url: string
  readonly keys: DemoKeys
}

const Shape = z.record(z.string(), z.unknown())

/** What the API answered where something else was expected. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer'
  readonly code = 'unexpected_answer'
}

/** Talks to Tenure as its users do: over HTTP, with the key of a role. */
export function createApi({ url, keys }: DemoTarget) {
  async function call(
    role: keyof DemoKeys,
    request: { method: 'GET' | 'POST'; path: string; body?: unknown },
  ): Promise<unknown> {
    const response = await fetch(`${url}${request.path}`, {
      method: request.method,
      headers: {
        authorization: `Bearer ${keys[role]}`,
        'content-type': 'application/json',
        'x-operator': 'demo',
      },
      signal: AbortSignal.timeout(600_000),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new UnexpectedAnswer(`${request.method} ${request.path}: ${response.status} ${text}`)
    }
    return JSON.parse(text)
  }
  return {
    get: (role: keyof DemoKeys, path: string) => call(role, { method: 'GET', path }),
    post: (role: keyof DemoKeys, path: string, body: unknown) =>
      call(role, { method: 'POST', path, body }),
  }
}

export type DemoApi = ReturnType<typeof createApi>

/**
 * The customer completes the bank's 3-D Secure page. Follows no redirect afterwards: that the
 * customer came back proves nothing.
 */
export async function authenticate(pageUrl: string): Promise<void> {
  const answer = await fetch(pageUrl, {
    method: 'POST',
    body: new URLSearchParams({ answer: 'complete' }),
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  })
  if (answer.status >= 400) {
    throw new UnexpectedAnswer(`POST ${pageUrl}: ${answer.status} ${await answer.text()}`)
  }
}

/** Reads a field of an answer; throws if it is not a text. */
export function textIn(answer: unknown, ...path: string[]): string {
  let value = answer
  for (const name of path) value = Shape.parse(value)[name]
  return z.string().parse(value)
}
