import fc from 'fast-check'
import qs from 'qs'
import { describe, expect, it } from 'vitest'
import { Recorder } from '../conformance/recorder.ts'
import { kinds } from '../core/kinds.ts'
import { document, resolve, type Schema } from '../openapi/document.ts'
import { operations } from '../operations.ts'
import { customerWith, seatPrice, startedSandbox } from '../testing/started.ts'

/** Something that fits a parameter's schema, as text; ids are of objects that are there, where there are some. */
function fitting(schema: Schema, name: string, ids: readonly string[], depth = 0): fc.Arbitrary<unknown> {
  const { anyOf, type, enum: values, items, properties = {}, additionalProperties } = resolve(schema)
  if (anyOf) return fc.oneof(...anyOf.map((one) => fitting(one, name, ids, depth)))
  if (values) return fc.constantFrom(...values)
  const id = fc.constantFrom(...ids)
  switch (type) {
    case 'boolean':
      return fc.constantFrom('true', 'false')
    case 'integer':
      return fc
        .oneof(fc.integer({ min: -1, max: 40 }), fc.integer({ min: 1_780_000_000, max: 1_900_000_000 }))
        .map(String)
    case 'number':
      return fc.integer({ min: 0, max: 120 }).map(String)
    case 'array':
      return fc.array(fitting(items ?? {}, name, ids, depth + 1), { minLength: 1, maxLength: 2 })
    case 'object':
      return additionalProperties
        ? fc.dictionary(
            fc.constantFrom('a', 'b', 'stripe_customer_id', 'value'),
            fc.oneof(id, fc.constant('3')),
            { minKeys: 1 },
          )
        : fieldsOf(schema, ids, depth + 1)
    default:
      return fc.oneof(
        { weight: 6, arbitrary: id },
        { weight: 1, arbitrary: fc.constantFrom('usd', 'x', 'ä', 'pm_card_visa', '12.5') },
      )
  }

  function fieldsOf(of: Schema, known: readonly string[], at: number): fc.Arbitrary<unknown> {
    const fields = Object.entries(resolve(of).properties ?? properties).map(
      ([field, inner]) => [field, fitting(inner, field, known, at)] as const,
    )
    return at > 3
      ? fc.constant({})
      : fc.record(Object.fromEntries(fields), { requiredKeys: resolve(of).required ?? [] })
  }
}

/** As many parameters as an operation heeds, or some of them. */
function parametersOf(
  route: string,
  takes: readonly string[],
  ids: readonly string[],
): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = document.operations[route]?.parameters ?? {}
  const heeded = Object.entries(properties).filter(([name]) => takes.includes(name))
  const fields = heeded.map(([name, schema]) => [name, fitting(schema, name, ids)] as const)
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: required.filter((name) => takes.includes(name)),
  })
}

describe('any request that Stripe would read', () => {
  const recorder = new Recorder()
  const started = startedSandbox({ seed: 'any', record: recorder.record })

  it('is carried out or refused, never fails inside, and is answered as Stripe would', {
    timeout: 120_000,
  }, async () => {
    const { running, stripe, control } = started
    const failures: unknown[] = []
    running.sandbox.observe(recorder.observe)
    running.sandbox.report = (error) => failures.push(error)
    const customer = await customerWith(stripe, 'pm_card_visa')
    const price = await seatPrice(stripe, 900)
    for (let n = 0; n < 3; n++)
      await stripe.subscriptions.create({ customer, items: [{ price, quantity: n + 1 }] })
    const idsOf = () =>
      Object.keys(kinds).flatMap((kind) =>
        [...running.sandbox.table(kind as keyof typeof kinds).newestFirst()].slice(0, 4).map(({ id }) => id),
      )
    for (let round = 0; round < 12; round++) {
      for (const { route, takes } of operations) {
        const [method = '', path = ''] = route.split(' ')
        const known = idsOf()
        const [{ params, ids } = { params: {}, ids: [] }] = fc.sample(
          fc.record({
            params: parametersOf(route, takes, known),
            ids: fc.array(fc.constantFrom(...known), { minLength: 2, maxLength: 2 }),
          }),
          { numRuns: 1, seed: round * 1_000 + operations.findIndex((one) => one.route === route) },
        )
        const fillIn = [...ids]
        const kind = Object.entries(kinds).find(([name]) => path.includes(`/${name.split('.').at(-1)}`))?.[1]
          .prefix
        const own = known.filter((one) => kind && one.startsWith(`${kind}_`))
        if (own.length > 0) fillIn.unshift(own[round % own.length] ?? '')
        const url = path.replaceAll(/\{\w+\}/g, () => fillIn.shift() ?? 'none')
        const text = qs.stringify(params, { arrayFormat: 'indices' })
        const isPost = method === 'POST'
        const response = await fetch(`${running.origin}${url}${isPost || text === '' ? '' : `?${text}`}`, {
          method,
          headers: {
            Authorization: `Bearer ${running.secretKey}`,
            'Content-Type': 'application/x-www-form-urlencoded',
          },
          ...(isPost ? { body: text } : {}),
        })
        if (response.status >= 500)
          failures.push(`${route} ${url} ${decodeURIComponent(text)}: ${await response.text()}`)
        else await response.arrayBuffer()
      }
      await control.moveClock({ days: 20 })
    }
    expect(failures.slice(0, 5)).toEqual([])
    const [answers, events] = [recorder.answers(), recorder.eventShare()]
    expect(answers.problems).toEqual([])
    expect(events.problems).toEqual([])
    expect(recorder.promised().problems).toEqual([])
    expect(recorder.exchanges.filter(({ status }) => status === 200).length).toBeGreaterThan(200)
  })
})
