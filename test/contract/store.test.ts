import { afterAll } from 'vitest'
import { mongoForTests } from '../mongo.ts'
import { storeContract } from './store.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

storeContract('the embedded store', embeddedPlace)

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  storeContract('the store in MongoDB', open)
}
