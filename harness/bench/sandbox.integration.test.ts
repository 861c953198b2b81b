import { checkConformance } from '@headroom/payments-sandbox/conformance/report.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMock } from './sandbox.ts'

describe('stripe-mock', () => {
  let mock: Awaited<ReturnType<typeof startMock>>

  beforeAll(async () => {
    mock = await startMock(() => {})
  }, 300_000)
  afterAll(() => mock?.stop())

  it('takes every request that the payments sandbox takes', { timeout: 180_000 }, async () => {
    const { mock: played } = await checkConformance({ mock: mock.origin })
    expect(played?.problems).toEqual([])
    expect(played?.checked).toBeGreaterThan(150)
    expect(played?.valid).toBe(played?.checked)
  })

  it('refuses one with a parameter that Stripe does not have', async () => {
    const response = await fetch(`${mock.origin}/v1/customers`, {
      method: 'POST',
      body: new URLSearchParams({ nick_name: 'Ada' }),
      headers: { Authorization: 'Bearer sk_test_123' },
    })
    expect(response.status).toBe(400)
  })
})
