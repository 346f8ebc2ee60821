import { afterEach, beforeEach } from 'vitest'
import type { OpenPlace, Place } from './store-given.ts'

/** Opens a place before each test and removes it after. */
export function placeForEach(open: OpenPlace): () => Place {
  let place: Place | null = null
  beforeEach(async () => {
    place = await open()
  })
  afterEach(async () => {
    await place?.remove()
  })
  return () => {
    if (place === null) throw new Error('no place is open outside a test')
    return place
  }
}
