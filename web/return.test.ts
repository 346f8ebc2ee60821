import { expect, test } from 'vitest'
import { openWorld } from '../http/testing/world.ts'

test('the page after authentication says that the payment is being confirmed, whatever its address claims', async () => {
  const world = openWorld()
  const plain = await world.app.request('/return')
  const claiming = await world.app.request('/return?redirect_status=succeeded&payment_intent=pi_1')
  const text = await plain.text()
  expect(text).toContain('being confirmed')
  expect(await claiming.text()).toBe(text)
  expect(plain.headers.get('referrer-policy')).toBe('no-referrer')
})
