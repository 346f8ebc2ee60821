import { StoreUnavailable } from './port-errors.ts'

/**
 * What the store holds is damaged: nothing is read or written any more. The message says what to
 * restore.
 */
export class StoreDamaged extends StoreUnavailable {
  override readonly name = 'StoreDamaged'
  override readonly code = 'store_damaged'
}
