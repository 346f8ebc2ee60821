import { html } from 'hono/html'
import type { FC, PropsWithChildren } from 'hono/jsx'
import type { App } from '../env.ts'
import { problemCodes, problems } from '../problem.ts'
import { describeSchema, operationsIn, type Operation } from './document.ts'
import type { ApiDocument } from './openapi.ts'

const style = `
  :root { color-scheme: light dark; --line: #8884; --dim: #777; }
  body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto;
    padding: 1rem 1.25rem 6rem; }
  h1 { margin: 1.5rem 0 .25rem; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
  h3 { margin: 2rem 0 .25rem; font-size: 1.05rem; overflow-wrap: anywhere; }
  code, pre { font: .875em ui-monospace, monospace; } a { color: inherit; }
  pre { border: 1px solid var(--line); border-radius: .4rem; padding: .75rem 1rem;
    overflow-x: auto; }
  nav ul { columns: 2; padding-left: 1.1rem; }
  nav li { break-inside: avoid; overflow-wrap: anywhere; }
  .method { display: inline-block; min-width: 3.2rem; font-weight: 700; }
  .dim { color: var(--dim); } details { margin: .25rem 0; } summary { cursor: pointer; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top;
    padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
  :target { outline: 2px solid #58f; outline-offset: .35rem; border-radius: .2rem; }
  @media (max-width: 40rem) { nav ul { columns: 1; } }
`

const Page: FC<PropsWithChildren<{ title: string }>> = ({ title, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title}</title>
      <style>{style}</style>
    </head>
    <body>{children}</body>
  </html>
)

/** Text in which `backticks` stand around code. */
const Prose: FC<{ text: string }> = ({ text }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
)

const Contents: FC<{ tags: readonly string[]; operations: readonly Operation[] }> = ({
  tags,
  operations,
}) => (
  <nav aria-label="Routes">
    {tags.map((tag) => (
      <section>
        <h2 id={`tag-${tag}`}>{tag}</h2>
        <ul>
          {operations
            .filter((one) => one.tag === tag)
            .map((one) => (
              <li>
                <a href={`#${one.anchor}`}>
                  <code>
                    {one.method} {one.path}
                  </code>
                </a>
              </li>
            ))}
        </ul>
      </section>
    ))}
  </nav>
)

const Parameters: FC<{ operation: Operation }> = ({ operation }) =>
  operation.parameters.length === 0 ? null : (
    <table>
      <thead>
        <tr>
          <th>Parameter</th>
          <th>In</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        {operation.parameters.map(({ name, place, required, description }) => (
          <tr>
            <td>
              <code>{name}</code>
              {required ? '' : ' (optional)'}
            </td>
            <td>{place}</td>
            <td>
              <Prose text={description} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )

const OperationPart: FC<{ document: ApiDocument; operation: Operation }> = ({
  document,
  operation,
}) => (
  <article>
    <h3 id={operation.anchor}>
      <span class="method">{operation.method}</span> <code>{operation.path}</code>
    </h3>
    <p>
      {operation.summary}
      {operation.summary.endsWith('.') ? '' : '.'} <Prose text={operation.description} />
    </p>
    <p class="dim">
      {operation.roles.length === 0 ? 'No key needed.' : `Roles: ${operation.roles.join(', ')}.`}
    </p>
    <Parameters operation={operation} />
    {operation.body === null ? null : (
      <details open>
        <summary>Body</summary>
        <pre>{describeSchema(document, operation.body)}</pre>
      </details>
    )}
    {operation.answers.map(({ status, description, schema, codes }) =>
      codes.length > 0 ? (
        <p>
          <code>{status}</code>{' '}
          {codes.map((code, i) => (
            <>
              {i === 0 ? '' : ', '}
              <a href={`/docs/errors#${code}`}>
                <code>{code}</code>
              </a>
            </>
          ))}
        </p>
      ) : (
        <details>
          <summary>
            <code>{status}</code> {description}
          </summary>
          {schema === null ? null : <pre>{describeSchema(document, schema)}</pre>}
        </details>
      ),
    )}
  </article>
)

const DocsPage: FC<{ document: ApiDocument }> = ({ document }) => {
  const operations = operationsIn(document)
  const tags = (document.tags ?? [])
    .map(({ name }) => name)
    .filter((tag) => operations.some((operation) => operation.tag === tag))
  return (
    <Page title="Tenure API">
      <h1>Tenure API</h1>
      <p>
        Send <code>Authorization: Bearer &lt;key&gt;</code>. Every POST takes an{' '}
        <code>Idempotency-Key</code>, which makes it take effect once. Every answer carries{' '}
        <code>X-Request-Id</code>. What was asked for is answered 202, and shown only once the
        payment provider confirms it. <a href="/docs/errors">All errors</a>;{' '}
        <a href="/openapi.json">the OpenAPI document</a>.
      </p>
      <Contents tags={tags} operations={operations} />
      <main>
        {tags.map((tag) => (
          <section>
            <h2>{tag}</h2>
            {operations
              .filter((operation) => operation.tag === tag)
              .map((operation) => (
                <OperationPart document={document} operation={operation} />
              ))}
          </section>
        ))}
      </main>
    </Page>
  )
}

const ErrorsPage: FC = () => (
  <Page title="Tenure API: errors">
    <h1>Errors</h1>
    <p>
      Every error is <code>application/problem+json</code> (RFC 9457) with a stable{' '}
      <code>code</code>; <code>instance</code> is the id of the request.{' '}
      <a href="/docs">The routes</a>.
    </p>
    {problemCodes().map((code) => (
      <section>
        <h3 id={code}>
          <code>{code}</code> <span class="dim">{problems[code].status}</span>
        </h3>
        <p>
          <b>{problems[code].title}.</b>{' '}
          <Prose text={`${problems[code].happened} ${problems[code].remedy}`} />
        </p>
      </section>
    ))}
  </Page>
)

/** The pages of the API's reader, with nothing to fetch, so that they work offline. */
export function mountDocs(app: App, document: () => ApiDocument): void {
  app.get('/docs', (c) => c.html(html`<!doctype html>${<DocsPage document={document()} />}`))
  app.get('/docs/errors', (c) => c.html(html`<!doctype html>${<ErrorsPage />}`))
}
