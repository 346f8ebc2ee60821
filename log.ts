import { pino } from 'pino'
import type { Log } from './actors/ports.ts'

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

/** Structured lines on standard output: one JSON object a line, whose `event` is the constant name of what happened. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  const logger = pino({
    level,
    base: null,
    messageKey: 'event',
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...secret, ...secret.map((name) => `*.${name}`)], censor: '[removed]' },
  })
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  }
}
