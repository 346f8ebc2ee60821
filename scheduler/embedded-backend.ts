import type { AgendaBackend } from 'agenda'
import type { Clock } from '../actors/ports.ts'
import type { Database } from '../persistence/embedded/driver.ts'
import { createEmbeddedRepository } from './embedded-repository.ts'
import { createJobTable } from './embedded-table.ts'

/**
 * Where Agenda keeps its jobs when the platform runs on the embedded file: one table beside the
 * journal's, made on `connect`. The file stays open after `disconnect`; it belongs to who opened
 * it.
 *
 * @param ports.clock the system's time: Agenda plans by the computer's clock, never by a sandbox's
 */
export function createEmbeddedBackend(ports: {
  readonly database: Database
  readonly clock: Clock
}): AgendaBackend {
  const repository = createEmbeddedRepository({
    table: createJobTable(ports.database),
    clock: ports.clock,
  })
  return {
    name: 'embedded',
    repository,
    ownsConnection: false,
    connect: () => repository.connect(),
    disconnect: () => Promise.resolve(),
  }
}
