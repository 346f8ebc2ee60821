import { describe, expect, test } from 'vitest'
import { openApi } from '../../test/harness/api.ts'
import { quietSandbox } from '../../test/harness/quiet-sandbox.ts'
import { problemCodes } from '../problem.ts'

const api = openApi({ sandbox: quietSandbox() })
const docs = await api.ask('GET /docs', { key: null })
const errors = await api.ask('GET /docs/errors', { key: null })

function anchorsIn(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? ''))
}

describe('the page of the API', () => {
  test('shows every route of the document', async () => {
    const { json } = await api.ask('GET /openapi.json', { key: null })
    const paths = Object.keys(Object(json['paths']))
    expect(paths.length).toBeGreaterThan(20)
    for (const path of paths) expect(docs.text).toContain(`<code>${path}</code>`)
  })

  test('works offline: it loads nothing from anywhere', () => {
    for (const { text } of [docs, errors]) {
      expect(text).not.toMatch(/<script|<link|<img|@import|url\(|src=|https?:\/\//)
    }
  })

  test('every link leads to something that is there', () => {
    for (const { text } of [docs, errors]) {
      for (const [, href = ''] of text.matchAll(/href="([^"]+)"/g)) {
        const [page = '', anchor] = href.split('#')
        const target =
          page === '/docs/errors' || (page === '' && text === errors.text) ? errors : docs
        expect(['', '/docs', '/docs/errors', '/openapi.json']).toContain(page)
        if (anchor !== undefined) expect(anchorsIn(target.text)).toContain(anchor)
      }
    }
  })

  test('outlines bodies and answers, field by field', () => {
    expect(docs.text).toContain('plan: string')
    expect(docs.text).toContain('quantity?: ')
  })
})

test('every error code has an anchor, where the type of a problem leads', () => {
  expect([...anchorsIn(errors.text)]).toEqual(problemCodes())
  expect(errors.headers.get('content-type')).toContain('text/html')
  expect(errors.text).toContain('<code>Authorization: Bearer &lt;key&gt;</code>')
  expect(errors.text).not.toContain('`')
})
