import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { customerWith, refusal, startedSandbox, stripeOf } from '../testing/started.ts'

describe('the wire', () => {
  const started = startedSandbox()

  it('refuses a wrong key and a missing one with 401', async () => {
    const wrong = stripeOf({ ...started.running, secretKey: 'sk_test_somebody_elses_key' })
    expect(await refusal(wrong.customers.list())).toMatchObject({
      statusCode: 401,
      type: 'StripeAuthenticationError',
      message: expect.stringContaining('Invalid API Key provided: sk_test_'),
    })
    const response = await fetch(`${started.running.origin}/v1/customers`)
    expect(response.status).toBe(401)
  })

  it('names the parameter that it does not know, that is missing, and that is of another type', async () => {
    const { stripe } = started
    expect(await refusal(stripe.customers.create({ nick_name: 'Ada' } as object))).toMatchObject({
      statusCode: 400,
      code: 'parameter_unknown',
      param: 'nick_name',
    })
    expect(await refusal(stripe.subscriptions.create({} as never))).toMatchObject({
      code: 'parameter_missing',
    })
    expect(await refusal(stripe.products.create({ name: 'A', shippable: 'maybe' } as never))).toMatchObject({
      message: 'Invalid boolean: maybe',
      param: 'shippable',
    })
    expect(await refusal(stripe.paymentIntents.create({ amount: 1.5, currency: 'usd' }))).toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'amount',
    })
  })

  it('says so where Stripe knows a parameter and the sandbox does not heed it', async () => {
    const error = await refusal(
      started.stripe.customers.create({ cash_balance: { settings: { reconciliation_mode: 'manual' } } }),
    )
    expect(error).toMatchObject({ code: 'sandbox_not_offered', param: 'cash_balance' })
  })

  it('answers 404 for what is not there, and 400 where its id came in a parameter', async () => {
    const { stripe } = started
    expect(await refusal(stripe.customers.retrieve('cus_nobody'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      message: "No such customer: 'cus_nobody'",
    })
    expect(await refusal(stripe.subscriptions.create({ customer: 'cus_nobody', items: [] }))).toMatchObject({
      statusCode: 400,
      param: 'customer',
    })
    expect(await refusal(stripe.rawRequest('GET', '/v1/nonsense'))).toMatchObject({ statusCode: 404 })
  })

  it('keeps a declined payment, with its decline code', async () => {
    const { stripe } = started
    const error = await refusal(
      stripe.paymentIntents.create({
        amount: 900,
        confirm: true,
        currency: 'usd',
        payment_method: 'pm_card_chargeDeclinedInsufficientFunds',
      }),
    )
    expect(error).toMatchObject({
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'insufficient_funds',
    })
    const { data } = await stripe.paymentIntents.list({ limit: 1 })
    expect(data[0]).toMatchObject({ amount: 900, status: 'requires_payment_method' })
    expect(data[0]?.last_payment_error?.decline_code).toBe('insufficient_funds')
  })

  it('tells a deleted customer from one who never was', async () => {
    const { id } = await started.stripe.customers.create({})
    await started.stripe.customers.del(id)
    expect(await started.stripe.customers.retrieve(id)).toMatchObject({ id, deleted: true })
    expect(await refusal(started.stripe.customers.update(id, { name: 'Ada' }))).toMatchObject({
      statusCode: 404,
    })
  })

  it('puts objects in the place of ids, four levels deep, and refuses what cannot be expanded', async () => {
    const { stripe } = started
    const id = await customerWith(stripe, 'pm_card_visa')
    const customer = await stripe.customers.retrieve(id, {
      expand: ['invoice_settings.default_payment_method'],
    })
    expect(customer).toMatchObject({
      invoice_settings: { default_payment_method: { object: 'payment_method' } },
    })
    expect(await refusal(stripe.customers.retrieve(id, { expand: ['nonsense'] }))).toMatchObject({
      message: expect.stringContaining('This property cannot be expanded (nonsense)'),
    })
  })

  it('makes the same ids of the same seed', async () => {
    const { Ids } = await import('../core/ids.ts')
    const [one, two, other] = [new Ids('a'), new Ids('a'), new Ids('b')]
    const id = one.next('cus')
    expect(two.next('cus')).toBe(id)
    expect(other.next('cus')).not.toBe(id)
    expect(one.next('cus')).not.toBe(id)
  })
})

describe('pages', () => {
  const started = startedSandbox()

  it('meet every object once, the newest first, from either end and in steps of any size', async () => {
    const { stripe } = started
    const ids: string[] = []
    for (let n = 0; n < 25; n++) ids.unshift((await stripe.customers.create({ name: `${n}` })).id)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
        const forward: string[] = []
        for await (const { id } of stripe.customers.list({ limit })) forward.push(id)
        expect(forward).toEqual(ids)
        const oldest = ids.at(-1) ?? ''
        const back = await stripe.customers.list({ limit, ending_before: oldest })
        expect(back.data.map(({ id }) => id)).toEqual(ids.slice(0, -1).slice(-limit))
        expect(back.has_more).toBe(limit < ids.length - 1)
      }),
      { numRuns: 12 },
    )
  })

  it('are at most a hundred long, and begin at an object that is there', async () => {
    expect(await refusal(started.stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
    expect(await refusal(started.stripe.customers.list({ starting_after: 'cus_nobody' }))).toMatchObject({
      code: 'resource_missing',
      param: 'starting_after',
    })
  })
})

describe('idempotency keys', () => {
  const started = startedSandbox()
  const count = async () => (await started.stripe.customers.list({ limit: 100 })).data.length

  it('give the first answer again for the same parameters, and make nothing twice', async () => {
    const before = await count()
    await fc.assert(
      fc.asyncProperty(
        fc.uuid(),
        fc.string({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 4 }),
        async (key, name, times) => {
          const answers = []
          for (let n = 0; n < times; n++)
            answers.push(await started.stripe.customers.create({ name }, { idempotencyKey: key }))
          expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
          expect(answers.at(-1)?.lastResponse.headers['idempotent-replayed']).toBe('true')
          expect(answers[0]?.lastResponse.headers['idempotent-replayed']).toBeUndefined()
        },
      ),
      { numRuns: 10 },
    )
    expect(await count()).toBe(before + 10)
  })

  it('are refused for other parameters', async () => {
    await started.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'taken' })
    const error = await refusal(started.stripe.customers.create({ name: 'Eve' }, { idempotencyKey: 'taken' }))
    expect(error).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' })
  })

  it('answer 409 while the first request is under way', async () => {
    await started.control.break([{ kind: 'slow', requests: 1, milliseconds: 400 }])
    const first = started.stripe.customers.create({ name: 'Slow' }, { idempotencyKey: 'running' })
    await new Promise((resolve) => setTimeout(resolve, 150))
    const second = await refusal(
      started.stripe.customers.create({ name: 'Slow' }, { idempotencyKey: 'running' }),
    )
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
    expect((await first).name).toBe('Slow')
  })

  it('keep a declined payment as well: the same refusal comes again, and the card is not asked twice', async () => {
    const pay = () =>
      refusal(
        started.stripe.paymentIntents.create(
          { amount: 777, confirm: true, currency: 'usd', payment_method: 'pm_card_chargeDeclined' },
          { idempotencyKey: 'declined' },
        ),
      )
    const [first, second] = [await pay(), await pay()]
    expect(second.headers?.['idempotent-replayed']).toBe('true')
    expect(second.charge).toBe(first.charge)
    expect(
      (await started.stripe.charges.list({ limit: 100 })).data.filter(({ amount }) => amount === 777),
    ).toHaveLength(1)
  })

  it('keep a change that was declined, of which nothing stays: another card needs another key', async () => {
    const { stripe } = started
    const { id: customer } = await stripe.customers.create({})
    const pays = async (card: string) => {
      const { id } = await stripe.paymentMethods.attach(card, { customer })
      await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    }
    const { id: product } = await stripe.products.create({ name: 'Seats' })
    const price = await stripe.prices.create({
      ...{ product, currency: 'eur', unit_amount: 800, recurring: { interval: 'month' } },
    })
    await pays('pm_card_visa')
    const { id, items } = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] })
    const grow = (idempotencyKey: string) =>
      stripe.subscriptions.update(
        id,
        {
          items: [{ id: items.data[0]?.id as string, quantity: 5 }],
          ...{ proration_behavior: 'always_invoice', payment_behavior: 'error_if_incomplete' },
        },
        { idempotencyKey },
      )
    await pays('pm_card_chargeCustomerFail')
    await refusal(grow('first'))
    await pays('pm_card_visa')
    const again = await refusal(grow('first'))
    expect(again).toMatchObject({ statusCode: 402, type: 'StripeCardError' })
    expect(again.headers?.['idempotent-replayed']).toBe('true')
    expect((await grow('second')).items.data[0]?.quantity).toBe(5)
  })

  it('may come again corrected where nothing was done', async () => {
    const create = (email: string) =>
      started.stripe.customers.create({ email }, { idempotencyKey: 'corrected' })
    await refusal(create('no address'))
    expect((await create('ada@example.com')).email).toBe('ada@example.com')
  })
})

describe('faults', () => {
  const started = startedSandbox()

  it('limit the rate and fail as often as asked, and the SDK tries again', async () => {
    await started.control.break([{ kind: 'rate_limit', requests: 1 }])
    expect(await refusal(started.stripe.customers.list())).toMatchObject({
      statusCode: 429,
      type: 'StripeRateLimitError',
    })
    await started.control.break([{ kind: 'error', requests: 2, route: 'POST /v1/customers' }])
    const patient = stripeOf(started.running, { maxNetworkRetries: 3 })
    expect((await patient.customers.create({ name: 'Ada' })).name).toBe('Ada')
  })

  it('limit the rate to so many requests in a second', async () => {
    await started.control.break([{ kind: 'rate_limit', perSecond: 5 }])
    const asked = await Promise.allSettled(Array.from({ length: 40 }, () => started.stripe.customers.list()))
    const limited = asked.filter(({ status }) => status === 'rejected').length
    // They may fall into two or three seconds.
    expect(limited).toBeGreaterThanOrEqual(40 - 3 * 5)
    expect(limited).toBeLessThanOrEqual(40 - 5)
    await started.control.break([])
  })

  it('answer never, after the work was done; the same key brings the answer', async () => {
    await started.control.break([{ kind: 'timeout', requests: 1 }])
    const hasty = stripeOf(started.running, { timeout: 300 })
    const create = () => hasty.customers.create({ name: 'Lost' }, { idempotencyKey: 'lost' })
    expect(await refusal(create())).toMatchObject({ type: 'StripeConnectionError' })
    const again = await create()
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
    const { data } = await hasty.customers.list({ limit: 100 })
    expect(data.filter(({ name }) => name === 'Lost')).toHaveLength(1)
  })

  it('hang and cut connections with nothing done', async () => {
    await started.control.break([
      { kind: 'hang', requests: 1, route: 'GET /v1/products' },
      // A connection that is cut, the SDK opens once more.
      { kind: 'disconnect', requests: 2, route: 'GET /v1/prices' },
    ])
    const hasty = stripeOf(started.running, { timeout: 300 })
    expect(await refusal(hasty.products.list())).toMatchObject({ type: 'StripeConnectionError' })
    expect(await refusal(hasty.prices.list())).toMatchObject({ type: 'StripeConnectionError' })
    expect((await hasty.products.list()).data).toEqual([])
  })

  it('are set by who has the control key alone', async () => {
    const response = await fetch(`${started.running.origin}/_sandbox/faults`, { method: 'POST', body: '[]' })
    expect(response.status).toBe(401)
  })
})
