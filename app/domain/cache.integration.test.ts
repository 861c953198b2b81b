import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cached } from './cache.ts'
import { perform } from './execute.ts'
import { getMe } from './me/operations.ts'
import { closeRuntime } from './runtime.ts'
import { createTenant, type Tenant } from './testing/tenants.ts'

describe('an answer that is not kept yet', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  const ask = (question: string, load: () => Promise<string>) =>
    cached(
      tenant.people.owner.actor,
      question,
      { tags: () => ['tested'], shared: true, seconds: 60 } as Parameters<typeof cached>[2],
      {},
      load,
    )

  it('is loaded once, for all who ask before and while it comes to be kept', async () => {
    // Often enough that somebody asks in every moment between.
    for (let round = 0; round < 20; round++) {
      const question = randomUUID()
      let loads = 0
      const load = async () => {
        loads++
        await sleep(3)
        return 'answer'
      }
      const answers: Promise<string>[] = []
      for (let caller = 0; caller < 60; caller++) {
        answers.push(ask(question, load))
        await new Promise(setImmediate)
      }
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['answer']))
      expect(loads).toBe(1)
    }
  })

  it('is loaded again after it failed', async () => {
    const question = randomUUID()
    const failing = () => Promise.reject(new Error('away'))
    await expect(Promise.all([ask(question, failing), ask(question, failing)])).rejects.toThrow('away')
    expect(await ask(question, async () => 'back')).toBe('back')
  })

  it('is another one for a person whose role is another now, though their session did not know it a moment ago', async () => {
    const { actor } = tenant.people.owner
    const me = async (role: 'admin' | 'owner') =>
      (await perform(getMe, { ...actor, role }, {})) as { role: string }
    expect((await me('admin')).role).toBe('admin')
    expect((await me('owner')).role).toBe('owner')
  })
})
