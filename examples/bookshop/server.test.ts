import { createHmac } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { bookshop } from './server.ts'

it('the bookshop answers an order that it cannot read, and stays open', async () => {
  const server = bookshop('secret')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const signature = createHmac('sha256', 'secret').update('1.2').digest('base64url')
  const order = (body: string) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/orders`, {
      method: 'POST',
      body,
      headers: { cookie: `customer=1.2.${signature}` },
      signal: AbortSignal.timeout(2_000),
    })
  expect((await order('{"book":')).status).toBe(400)
  expect((await order('{"book":3}')).status).toBe(201)
})
