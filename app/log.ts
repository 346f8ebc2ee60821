import { pino, type LoggerOptions } from 'pino'
import type { Log } from '../actors/ports.ts'
import type { JsonObject } from '../values/json.ts'

/** What must never be in a line, wherever it stands in its fields. */
const secret = [
  'email',
  'name',
  'token',
  'authorization',
  'clientSecret',
  'secretKey',
  'client_secret',
  'body',
]

/** Keys of the line itself: a field that has one of them is written with `_` after it. */
const reserved: ReadonlySet<string> = new Set(['level', 'time', 'event'])

/** Where lines go: standard output, or whatever else takes text. */
export interface LogOutput {
  write(line: string): void
}

/**
 * Structured lines: one JSON object a line, whose `event` is the constant name of what happened,
 * and no key of which stands twice.
 */
export function createLog(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent',
  output: LogOutput = pino.destination(1),
): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    messageKey: 'event',
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...secret, ...secret.map((name) => `*.${name}`)], censor: '[removed]' },
  }
  const logger = pino(options, output)
  return {
    debug: (event, fields) => logger.debug(unreserved(fields), event),
    info: (event, fields) => logger.info(unreserved(fields), event),
    warn: (event, fields) => logger.warn(unreserved(fields), event),
    error: (event, fields) => logger.error(unreserved(fields), event),
  }
}

function unreserved(fields: JsonObject = {}): JsonObject {
  if (!Object.keys(fields).some((key) => reserved.has(key))) return fields
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [reserved.has(key) ? `${key}_` : key, value]),
  )
}
