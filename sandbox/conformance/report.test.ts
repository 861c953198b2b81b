import { describe, expect, it } from 'vitest'
import { checkConformance, isWhole } from './report.ts'
import { problemsOfAnswer, problemsOfEvent, problemsOfRequest } from './validate.ts'

describe('the sandbox', () => {
  it("plays every operation that it offers, and all that goes over the wire is as Stripe's document says", {
    timeout: 120_000,
  }, async () => {
    const conformance = await checkConformance()
    expect(conformance.notPlayed).toEqual([])
    expect(conformance.requests.problems).toEqual([])
    expect(conformance.answers.problems).toEqual([])
    expect(conformance.promised.problems).toEqual([])
    expect(conformance.events.problems).toEqual([])
    expect(conformance.answers.checked).toBeGreaterThan(150)
    expect(conformance.events.checked).toBeGreaterThan(150)
    expect(isWhole(conformance)).toBe(true)
  })
})

describe('the check', () => {
  const meter = {
    id: 'mtr_1',
    object: 'billing.meter',
    created: 1,
    customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: { formula: 'sum' },
    display_name: 'Requests',
    event_name: 'requests',
    event_time_window: null,
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: 1,
    value_settings: { event_payload_key: 'value' },
  }
  const route = 'GET /v1/billing/meters/{id}'

  it('finds nothing wrong with what is right', () => {
    expect(problemsOfAnswer(route, 200, meter)).toEqual([])
  })

  it.each([
    ['a field that is missing', { ...meter, created: undefined }],
    ['a field of another type', { ...meter, created: '1' }],
    ['a field with another name', { ...meter, creatd: 1 }],
    ['a value that Stripe does not have', { ...meter, status: 'asleep' }],
    ['a null where there is always something', { ...meter, event_name: null }],
  ])('finds %s', (_what, wrong) => {
    expect(problemsOfAnswer(route, 200, JSON.parse(JSON.stringify(wrong)))).not.toEqual([])
  })

  it('finds an event whose object is not one', () => {
    const event = {
      id: 'evt_1',
      object: 'event',
      api_version: '2026-10-28.endive',
      created: 1,
      data: { object: meter },
      livemode: false,
      pending_webhooks: 0,
      request: null,
      type: 'billing.meter.created',
    }
    expect(problemsOfEvent(event)).toEqual([])
    expect(problemsOfEvent({ ...event, data: { object: { ...meter, status: 1 } } })).not.toEqual([])
  })

  it('finds a parameter that Stripe does not know', () => {
    expect(problemsOfRequest('POST /v1/billing/meters/{id}', { display_name: 'A' })).toEqual([])
    expect(problemsOfRequest('POST /v1/billing/meters/{id}', { displayname: 'A' })).not.toEqual([])
  })
})
