import { afterAll } from 'vitest'
import { mongoForTests } from '../mongo.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'
import { storeContract } from './store.ts'

storeContract('the embedded store', embeddedPlace)

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  storeContract('the store in MongoDB', open)
}
