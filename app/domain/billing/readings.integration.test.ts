import { setTimeout } from 'node:timers/promises'
import Stripe from 'stripe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Effects } from '../effects.ts'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { asAdministrator } from '../testing/tenants.ts'
import { converge } from './converge.ts'
import { billed } from './testing/billed.ts'

describe('of several readings of a customer', () => {
  const { at, rowsOf, organisation, look, subscribe } = billed('readings')

  /** Stripe is slow for the next who asks for invoices. */
  const slowInvoices = (milliseconds: number) =>
    at.control.break([{ kind: 'slow', requests: 1, route: 'GET /v1/invoices', milliseconds }])
  const letGo = () =>
    asAdministrator((client) =>
      client.query('update billing_customers set held_until = null where org_id = $1', [at.tenant.id]),
    )

  it('one goes on at a time', async () => {
    await subscribe()
    await slowInvoices(500)
    const outcomes = await Promise.all(Array.from({ length: 20 }, look))
    expect(outcomes.sort()).toEqual([...Array(19).fill('busy'), 'written'])
  })

  it('an older one never takes the place of a later one', async () => {
    await subscribe()
    await slowInvoices(1_500)
    const older = look()
    await setTimeout(300)
    // As if it had taken longer than a customer is held for.
    await letGo()
    const subscriptions = await at.stripe.subscriptions.list({ customer: at.customer })
    await at.stripe.subscriptions.cancel(subscriptions.data[0]?.id as string)
    expect(await look()).toBe('written')
    expect(await older).toBe('overtaken')
    expect(await organisation()).toMatchObject({ plan: 'free' })
  })

  it('one keeps the customer for as long as it takes, however slow Stripe is', async () => {
    await subscribe()
    await slowInvoices(17_000)
    const { host, port, secretKey } = at.sandbox
    const patient = new Stripe(secretKey, { host, port, protocol: 'http', timeout: 30_000 })
    const slow = converge(patient, at.tenant.id)
    // Longer than somebody who has died would keep it.
    await setTimeout(16_000)
    expect(await look()).toBe('busy')
    expect(await slow).toBe('written')
  })

  it('none is needed for what was told before the last one began', async () => {
    await subscribe()
    const told = new Date()
    await setTimeout(10)
    expect(await converge(at.stripe, at.tenant.id, told)).toBe('written')
    expect(await converge(at.stripe, at.tenant.id, told)).toBe('known')
    await setTimeout(10)
    expect(await converge(at.stripe, at.tenant.id, new Date())).toBe('written')
  })

  describe('while Stripe refuses what follows', () => {
    afterEach(() => at.control.break([]))
    afterEach(() => vi.restoreAllMocks())

    const route = 'POST /v1/subscriptions/{subscription_exposed_id}'
    const columns = async () =>
      (
        await rowsOf('select readings::int, retried_at as retried from billing_customers where org_id = $1')
      )[0]
    const tells = (told: Date) =>
      converge(at.stripe, at.tenant.id, told, new Date(), { onRefused() {} }).catch(() => 'refused')

    async function refused() {
      await subscribe()
      expect(await look()).toBe('written')
      await rowsOf(
        `with person as (insert into users (email, name) values (gen_random_uuid() || '@example.test', 'P') returning id)
         insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from person`,
      )
      await at.control.break([{ kind: 'error', route }])
    }
    async function toldNow() {
      const told = new Date()
      await setTimeout(10)
      return told
    }

    it('one job tries again, and what else was told before is known', async () => {
      await refused()
      const [first, second] = [await toldNow(), await toldNow()]
      expect(await tells(second)).toBe('refused')
      const { readings } = await columns()
      for (let n = 0; n < 5; n++) expect(await tells(first)).toBe('known')
      expect(await columns()).toMatchObject({ readings })
      expect(await tells(second)).toBe('refused')
      // What is told later is read, and tries instead.
      const third = await toldNow()
      expect(await tells(third)).toBe('refused')
      expect(await tells(second)).toBe('known')
      await at.control.break([])
      expect(await tells(third)).toBe('written')
      expect(await tells(second)).toBe('known')
      expect(await columns()).toMatchObject({ retried: null })
    })

    it('another one tries where that job is lost', async () => {
      await refused()
      const [first, second] = [await toldNow(), await toldNow()]
      expect(await tells(first)).toBe('refused')
      expect(await tells(second)).toBe('known')
      await rowsOf("update billing_customers set retried_at = now() - interval '2 minutes' where org_id = $1")
      expect(await tells(second)).toBe('refused')
    })

    it('who asks for a reading soon after one is given that', async () => {
      await refused()
      expect(await tells(await toldNow())).toBe('refused')
      const later =
        'select read_began_at > written_began_at as later from billing_customers where org_id = $1'
      expect(await rowsOf(later)).toEqual([{ later: true }])
      const asked = async (began: string) => {
        await rowsOf(
          `update billing_customers set read_began_at = now() + interval '${began}' where org_id = $1`,
        )
        // Not the rows: whoever tests the nightly sweep adds one of each customer.
        const { mock } = vi.spyOn(Effects.prototype, 'write')
        await execute(operations['billing.sync'], at.tenant.people.owner.actor, {})
        const written = mock.contexts as unknown as Effects[]
        return written.flatMap(({ outbox }) => outbox).map(({ topic }) => topic)
      }
      expect(await asked('1 minute')).toEqual([])
      expect(await asked('-1 minute')).toEqual(['billing.sync'])
    })
  })
})
