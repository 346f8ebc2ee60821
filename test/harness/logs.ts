import type { Log } from '../../actors/ports.ts'
import type { JsonObject } from '../../values/json.ts'

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface LogLine {
  readonly level: string
  readonly event: string
  readonly fields: JsonObject
}

/** A log that writes into `lines`. */
export function logInto(lines: LogLine[]): Log {
  const write =
    (level: string) =>
    (event: string, fields: JsonObject = {}): void => {
      lines.push({ level, event, fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
