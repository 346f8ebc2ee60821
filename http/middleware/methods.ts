import type { App } from '../env.ts'

/** The methods that some route takes at this path; none if there is no route. */
export function methodsOf(app: App, path: string): string[] {
  const steps = path.split('/')
  const methods = app.routes
    .filter((route) => route.method !== 'ALL' && fits(route.path.split('/'), steps))
    .map((route) => route.method)
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))]
}

function fits(pattern: readonly string[], steps: readonly string[]): boolean {
  return (
    pattern.length === steps.length &&
    pattern.every((part, i) => (part.startsWith(':') ? steps[i] !== '' : part === steps[i]))
  )
}
