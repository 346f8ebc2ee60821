import { problemCodes, problems } from '../problem.ts'

const head = `# Errors

Every error response is \`application/problem+json\` (RFC 9457). Its \`code\` is stable; programs
compare that and nothing else. \`detail\` is for people, and \`instance\` is the id of the request,
under which it is logged. Answers with 5xx, and 409 \`idempotency_key_in_use\`, may be sent again with
the same Idempotency-Key.

This page is written from \`http/problem.ts\`, as is \`/docs/errors\`.
`

/** docs/errors.md, as it should be. */
export function errorsPage(): string {
  const parts = problemCodes().map((code) => {
    const { status, title, happened, remedy } = problems[code]
    return `\n## ${code}\n\n${status}. **${title}.** ${happened} ${remedy}\n`
  })
  return head + parts.join('')
}
