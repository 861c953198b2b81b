import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'

const main = new URL('main.ts', import.meta.url).pathname

describe('the process', () => {
  it('says in a line where it is, works with the keys that it was given, and ends when told to', async () => {
    const env = {
      ...process.env,
      SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/webhooks',
      STRIPE_SECRET_KEY: 'sk_test_mine',
      STRIPE_WEBHOOK_SECRET: 'whsec_mine',
    }
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
      const { origin, secretKey, webhookSecrets } = JSON.parse(line) as Record<string, string>
      expect({ secretKey, webhookSecrets }).toEqual({
        secretKey: 'sk_test_mine',
        webhookSecrets: ['whsec_mine'],
      })
      expect((await fetch(`${origin}/healthz`)).status).toBe(200)
      const { hostname: host, port } = new URL(origin ?? '')
      const stripe = new Stripe('sk_test_mine', { host, port, protocol: 'http', telemetry: false })
      expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1)
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('does not start with a key that could be a real one', async () => {
    const started = promisify(execFile)(process.execPath, [main], {
      env: { ...process.env, STRIPE_SECRET_KEY: 'sk_live_mine' },
    })
    await expect(started).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('STRIPE_SECRET_KEY'),
    })
  })
})
