import type { Metadata, Period, Seconds } from '../core/objects/base.ts'
import type { Meter } from '../core/objects/catalog.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, StripeError } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { type PageParams, pageOf } from '../http/pages.ts'
import { listing, retrieving } from '../http/reads.ts'
import { day, hour } from './calendar.ts'

type MeterParams = {
  customer_mapping?: Meter['customer_mapping']
  default_aggregation: { formula: Meter['default_aggregation']['formula'] }
  display_name: string
  event_name: string
  event_time_window?: 'day' | 'hour'
  value_settings?: { event_payload_key: string }
}

type MeterEventParams = { event_name: string; identifier?: string; payload: Metadata; timestamp?: Seconds }

type SummaryParams = PageParams & {
  customer: string
  end_time: Seconds
  start_time: Seconds
  value_grouping_window?: 'day' | 'hour'
}

export type MeterEvent = {
  customer: string
  identifier: string
  timestamp: Seconds
  value: number
  isCancelled: boolean
}

export const meterOperations = [
  operation<MeterParams>(
    'POST /v1/billing/meters',
    [
      'customer_mapping',
      'default_aggregation',
      'display_name',
      'event_name',
      'event_time_window',
      'value_settings',
    ],
    createMeter,
  ),
  operation<{ display_name?: string }>(
    'POST /v1/billing/meters/{id}',
    ['display_name'],
    (sandbox, params, id = '') =>
      sandbox.change('billing.meter', id, {
        ...(params.display_name === undefined ? {} : { display_name: params.display_name }),
        updated: sandbox.clock.now,
      }),
  ),
  retrieving('billing.meter', 'GET /v1/billing/meters/{id}'),
  listing('billing.meter', 'GET /v1/billing/meters', ['status']),
  operation('POST /v1/billing/meters/{id}/deactivate', [], (sandbox, _params, id = '') =>
    sandbox.change(
      'billing.meter',
      id,
      { status: 'inactive', status_transitions: { deactivated_at: sandbox.clock.now } },
      'billing.meter.deactivated',
    ),
  ),
  operation('POST /v1/billing/meters/{id}/reactivate', [], (sandbox, _params, id = '') =>
    sandbox.change(
      'billing.meter',
      id,
      { status: 'active', status_transitions: { deactivated_at: null } },
      'billing.meter.reactivated',
    ),
  ),
  operation<MeterEventParams>(
    'POST /v1/billing/meter_events',
    ['event_name', 'identifier', 'payload', 'timestamp'],
    takeEvent,
  ),
  operation<{ event_name: string; type: string; cancel?: { identifier?: string } }>(
    'POST /v1/billing/meter_event_adjustments',
    ['event_name', 'type', 'cancel'],
    cancelEvent,
  ),
  operation<SummaryParams>(
    'GET /v1/billing/meters/{id}/event_summaries',
    ['customer', 'end_time', 'start_time', 'value_grouping_window'],
    summaries,
  ),
]

/** What a customer used of a meter in a period, its end excluded. */
export function usageOf(sandbox: Sandbox, meterId: string, customer: string, { start, end }: Period): number {
  const values = (sandbox.meterEvents.get(meterId) ?? [])
    .filter((event) => event.customer === customer && !event.isCancelled)
    .filter(({ timestamp }) => timestamp >= start && timestamp < end)
  const { formula } = sandbox.get('billing.meter', meterId).default_aggregation
  if (formula === 'count') return values.length
  if (formula === 'last') return values.toSorted((a, b) => a.timestamp - b.timestamp).at(-1)?.value ?? 0
  return values.reduce((sum, { value }) => sum + value, 0)
}

function createMeter(sandbox: Sandbox, params: MeterParams): Meter {
  for (const meter of sandbox.table('billing.meter').newestFirst()) {
    if (meter.event_name === params.event_name && meter.status === 'active')
      throw invalid(
        `An active meter with the event name "${params.event_name}" already exists.`,
        'event_name',
        'resource_already_exists',
      )
  }
  return sandbox.create('billing.meter', {
    customer_mapping: params.customer_mapping ?? { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: params.default_aggregation,
    display_name: params.display_name,
    event_name: params.event_name,
    event_time_window: params.event_time_window ?? null,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: sandbox.clock.now,
    value_settings: params.value_settings ?? { event_payload_key: 'value' },
  })
}

/** Stripe's limits: an identifier counts once in 24 hours, a time lies at most 35 days back and 5 minutes ahead. */
function takeEvent(sandbox: Sandbox, params: MeterEventParams): object {
  const meter = meterNamed(sandbox, params.event_name)
  const { payload } = params
  const customer = payload[meter.customer_mapping.event_payload_key] ?? ''
  const text =
    payload[meter.value_settings.event_payload_key] ??
    (meter.default_aggregation.formula === 'count' ? '1' : '')
  if (!sandbox.find('customer', customer))
    throw invalid(`No customer in the payload: '${customer}'.`, 'payload', 'meter_event_customer_not_found')
  if (!/^\d+$/.test(text))
    throw invalid(
      `The payload's value has to be a whole number: '${text}'.`,
      'payload',
      'meter_event_invalid_value',
    )
  const { now } = sandbox.clockOf({ customer })
  const timestamp = params.timestamp ?? now
  if (timestamp < now - 35 * day || timestamp > now + 300)
    throw invalid(
      'The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.',
      'timestamp',
      'timestamp_out_of_range',
    )
  const identifier = params.identifier ?? sandbox.ids.text(32)
  const events = sandbox.meterEvents.get(meter.id) ?? []
  const kept = sandbox.meterIdentifiers.get(identifier)
  if (kept !== undefined && now - kept < day)
    throw new StripeError(
      400,
      'invalid_request_error',
      `An event already exists with identifier ${identifier}.`,
      { param: 'identifier' },
    )
  sandbox.meterIdentifiers.set(identifier, now)
  const event = { customer, identifier, timestamp, value: Number(text), isCancelled: false }
  sandbox.meterEvents.set(meter.id, events)
  events.push(event)
  return {
    object: 'billing.meter_event',
    created: now,
    event_name: params.event_name,
    identifier,
    livemode: false,
    payload,
    timestamp,
  }
}

function cancelEvent(
  sandbox: Sandbox,
  { event_name: name, type, cancel }: { event_name: string; type: string; cancel?: { identifier?: string } },
): object {
  const meter = meterNamed(sandbox, name)
  const event = sandbox.meterEvents.get(meter.id)?.find(({ identifier }) => identifier === cancel?.identifier)
  if (!event)
    throw invalid(
      `No event of ${name} has the identifier ${cancel?.identifier}.`,
      'cancel[identifier]',
      'resource_missing',
    )
  event.isCancelled = true
  return {
    object: 'billing.meter_event_adjustment',
    cancel: { identifier: event.identifier },
    event_name: name,
    livemode: false,
    status: 'complete',
    type,
  }
}

function summaries(sandbox: Sandbox, params: SummaryParams, id = ''): object {
  sandbox.get('billing.meter', id)
  sandbox.get('customer', params.customer, 'customer')
  const { start_time: start, end_time: end, value_grouping_window: window } = params
  if (start % 60 !== 0 || end % 60 !== 0)
    throw invalid('start_time and end_time must align with minute boundaries.', 'start_time')
  const length = window === undefined ? end - start : window === 'hour' ? hour : day
  const rows: object[] = []
  for (let from = start; from < end; from += length) {
    const to = Math.min(from + length, end)
    rows.push({
      id: `mtrusg_test_${id.slice(4)}_${from}_${to}`,
      object: 'billing.meter_event_summary',
      aggregated_value: usageOf(sandbox, id, params.customer, { start: from, end: to }),
      end_time: to,
      livemode: false,
      meter: id,
      start_time: from,
    })
  }
  return pageOf(rows.reverse() as { id: string }[], `/v1/billing/meters/${id}/event_summaries`, params)
}

function meterNamed(sandbox: Sandbox, name: string): Meter {
  for (const meter of sandbox.table('billing.meter').newestFirst()) {
    if (meter.event_name === name && meter.status === 'active') return meter
  }
  throw invalid(`No active meter found for event name: ${name}`, 'event_name', 'no_meter')
}
