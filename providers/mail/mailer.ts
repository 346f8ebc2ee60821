import type { JsonObject } from '../../values/json.ts'

/** The message of an e-mail as data; the words belong to the adapter. */
export interface Mail {
  /** The effect's id: a mail is sent at most once for each. */
  readonly id: string
  readonly to: string
  readonly template: string
  readonly data: JsonObject
}

export interface Mailer {
  send(mail: Mail): Promise<void>
}
