import { expect, test } from 'vitest'
import { openStore } from '../../open.ts'
import { databaseIn, weakenedBy } from './address.ts'

test.each`
  option                       | weak     | why
  ${'w=0'}                     | ${true}  | ${'nothing would be acknowledged'}
  ${'w=1'}                     | ${true}  | ${'one server alone would have it'}
  ${'w=majority'}              | ${false} | ${'it is what we ask for ourselves'}
  ${'journal=false'}           | ${true}  | ${'memory is no store'}
  ${'j=false'}                 | ${true}  | ${'the short name of the same'}
  ${'readConcernLevel=local'}  | ${true}  | ${'it may be rolled back'}
  ${'READCONCERNLEVEL=local'}  | ${true}  | ${'the driver reads names in any case'}
  ${'readPreference=nearest'}  | ${true}  | ${'a secondary is behind'}
  ${'readPreference=primary'}  | ${false} | ${'it is what we ask for ourselves'}
  ${'retryWrites=false'}       | ${true}  | ${'every failover would show'}
  ${'replicaSet=rs0&tls=true'} | ${false} | ${'it says where the servers are, and no more'}
`('P4 an address with $option is refused: $weak, for $why', ({ option, weak }) => {
  const uri = `mongodb://user:s3cret@db.internal/tenure?${option}`
  expect(weakenedBy(uri)).toHaveLength(weak ? 1 : 0)
  expect(weakenedBy(uri).join()).not.toContain('s3cret')
})

test('P4 a store is not opened at an address that weakens it', async () => {
  const opening = openStore({
    mongodbUri: 'mongodb://127.0.0.1:1/t?w=0',
    path: '',
    dictionaries: [],
  })
  await expect(opening).rejects.toMatchObject({ code: 'durability_weakened' })
})

test.each`
  uri                           | database
  ${'mongodb://db'}             | ${'tenure'}
  ${'mongodb://db/?w=majority'} | ${'tenure'}
  ${'mongodb://a,b/shop%20one'} | ${'shop one'}
`('$uri names the database $database', ({ uri, database }) => {
  expect(databaseIn(uri)).toBe(database)
})
