import { expect, test } from 'vitest'
import { openApi } from '../test/harness/api.ts'

test('the page after authentication says that the payment is being confirmed, whatever its address claims', async () => {
  const api = openApi()
  const plain = await api.app.request('/return')
  const claiming = await api.app.request('/return?redirect_status=succeeded&payment_intent=pi_1')
  const text = await plain.text()
  expect(text).toContain('being confirmed')
  expect(await claiming.text()).toBe(text)
  expect(plain.headers.get('referrer-policy')).toBe('no-referrer')
})
