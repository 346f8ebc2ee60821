import { setImmediate } from 'node:timers/promises'

/** Resolves once `holds` does, looked at after each turn of the event loop. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate()
}
