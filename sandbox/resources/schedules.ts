import type { Metadata, Seconds } from '../core/objects/base.ts'
import type { Schedule, Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { merged } from './metadata.ts'
import { applyItems, type PhaseParams, phaseOf, phasesOf } from './schedule-phases.ts'
import type { Proration } from './subscription-fields.ts'
import { currentPeriod } from './subscription-items.ts'
import { createSubscription, endSubscription } from './subscriptions.ts'

type ScheduleParams = {
  customer?: string
  end_behavior?: Schedule['end_behavior']
  from_subscription?: string
  metadata?: Metadata | ''
  phases?: PhaseParams[]
  proration_behavior?: Proration
  start_date?: Seconds | 'now'
}

export const scheduleOperations = [
  operation<ScheduleParams>(
    'POST /v1/subscription_schedules',
    ['customer', 'end_behavior', 'from_subscription', 'metadata', 'phases', 'start_date'],
    create,
  ),
  operation<ScheduleParams>(
    'POST /v1/subscription_schedules/{schedule}',
    ['end_behavior', 'metadata', 'phases', 'proration_behavior'],
    update,
  ),
  retrieving('subscription_schedule', 'GET /v1/subscription_schedules/{schedule}'),
  listing('subscription_schedule', 'GET /v1/subscription_schedules', ['customer']),
  operation<{ preserve_cancel_date?: boolean }>(
    'POST /v1/subscription_schedules/{schedule}/release',
    ['preserve_cancel_date'],
    (sandbox, _params, id = '') => {
      assertRunning(sandbox.get('subscription_schedule', id), 'release')
      return release(sandbox, id)
    },
  ),
  operation<{ invoice_now?: boolean; prorate?: boolean }>(
    'POST /v1/subscription_schedules/{schedule}/cancel',
    ['invoice_now', 'prorate'],
    (sandbox, _params, id = '') => {
      const schedule = sandbox.get('subscription_schedule', id)
      assertRunning(schedule, 'cancel')
      if (schedule.subscription !== null) {
        sandbox.change('subscription', schedule.subscription, { schedule: null }, false)
        endSubscription(sandbox, schedule.subscription)
      }
      const { now } = sandbox.clockOf(schedule)
      return sandbox.change(
        'subscription_schedule',
        id,
        { canceled_at: now, current_phase: null, status: 'canceled' },
        'subscription_schedule.canceled',
      )
    },
  ),
]

/** Phases begin and end by themselves; before the renewal that falls on the same second. */
export function moveSchedules(sandbox: Sandbox): void {
  sandbox.happens('schedule.phase', (id) => {
    const schedule = sandbox.find('subscription_schedule', id)
    if (schedule?.status === 'active' || schedule?.status === 'not_started') enterPhase(sandbox, schedule)
  })
  sandbox.on<Subscription>('customer.subscription.deleted', ({ schedule: id }) => {
    const schedule = sandbox.find('subscription_schedule', id)
    if (schedule?.status !== 'active') return
    const { now } = sandbox.clockOf(schedule)
    sandbox.change(
      'subscription_schedule',
      schedule.id,
      { canceled_at: now, current_phase: null, status: 'canceled' },
      'subscription_schedule.canceled',
    )
  })
}

function create(sandbox: Sandbox, params: ScheduleParams): Schedule {
  const { from_subscription: from } = params
  if (from !== undefined) {
    if (params.phases || params.customer)
      throw invalid('You cannot set phases or customer with from_subscription.', 'from_subscription')
    return fromSubscription(sandbox, sandbox.get('subscription', from, 'from_subscription'), params)
  }
  if (params.customer === undefined || !params.phases)
    throw invalid('You must pass customer and phases, or from_subscription.', 'phases', 'parameter_missing')
  const customer = sandbox.get('customer', params.customer, 'customer')
  const clock = sandbox.clockOf(customer)
  const start = params.start_date === 'now' ? clock.now : (params.start_date ?? clock.now)
  const schedule = sandbox.create(
    'subscription_schedule',
    {
      customer: customer.id,
      end_behavior: params.end_behavior ?? 'release',
      metadata: merged({}, params.metadata),
      phases: phasesOf(sandbox, params.phases, start, clock.now),
      status: 'not_started',
      test_clock: customer.test_clock,
    },
    clock,
  )
  planPhases(sandbox, schedule)
  enterPhase(sandbox, schedule)
  return sandbox.get('subscription_schedule', schedule.id)
}

/** Takes a subscription as it is for the first phase, until its period ends. */
function fromSubscription(sandbox: Sandbox, subscription: Subscription, params: ScheduleParams): Schedule {
  if (subscription.schedule !== null)
    throw invalid(
      `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}.`,
      'from_subscription',
    )
  const { start, end } = currentPeriod(subscription)
  const items = subscription.items.data.map(({ price, quantity, metadata }) => ({
    price: price.id,
    metadata,
    ...(quantity === undefined ? {} : { quantity }),
  }))
  const discounts = subscription.discounts.map((discount) => ({ discount }))
  const schedule = sandbox.create(
    'subscription_schedule',
    {
      current_phase: { start_date: start, end_date: end },
      customer: subscription.customer,
      end_behavior: params.end_behavior ?? 'release',
      metadata: merged({}, params.metadata),
      phases: [phaseOf(sandbox, { discounts, items, metadata: subscription.metadata }, start, end)],
      status: 'active',
      subscription: subscription.id,
      test_clock: subscription.test_clock,
    },
    sandbox.clockOf(subscription),
  )
  sandbox.change('subscription', subscription.id, { schedule: schedule.id })
  planPhases(sandbox, schedule)
  return schedule
}

/** New phases begin with the running one; a change of its items takes effect at once. */
function update(sandbox: Sandbox, params: ScheduleParams, id = ''): Schedule {
  const schedule = sandbox.get('subscription_schedule', id)
  assertRunning(schedule, 'update')
  const { now } = sandbox.clockOf(schedule)
  const start = schedule.current_phase?.start_date ?? schedule.phases[0]?.start_date ?? now
  const phases = params.phases ? phasesOf(sandbox, params.phases, start, now) : schedule.phases
  const current = phases.find((phase) => phase.start_date <= now && now < phase.end_date)
  if (params.phases && schedule.status === 'active' && !current)
    throw invalid('The phases have to include the one that runs now.', 'phases')
  const updated = sandbox.change('subscription_schedule', id, {
    phases,
    metadata: merged(schedule.metadata, params.metadata),
    ...(params.end_behavior === undefined ? {} : { end_behavior: params.end_behavior }),
    ...(current && schedule.status === 'active'
      ? { current_phase: { start_date: current.start_date, end_date: current.end_date } }
      : {}),
  })
  planPhases(sandbox, updated)
  if (current && schedule.subscription !== null)
    applyItems(
      sandbox,
      schedule.subscription,
      current,
      params.proration_behavior ?? current.proration_behavior,
    )
  return sandbox.get('subscription_schedule', id)
}

function enterPhase(sandbox: Sandbox, schedule: Schedule): void {
  const { now } = sandbox.clockOf(schedule)
  const { id, phases, current_phase: before } = schedule
  const phase = phases.find(({ start_date: start, end_date: end }) => start <= now && now < end)
  if (!phase) {
    if (now >= (phases.at(-1)?.end_date ?? 0)) complete(sandbox, schedule)
    return
  }
  if (before?.start_date === phase.start_date) return
  const current = { start_date: phase.start_date, end_date: phase.end_date }
  if (schedule.subscription === null) {
    const { id: subscription } = createSubscription(sandbox, {
      customer: schedule.customer,
      discounts: phase.discounts.flatMap(({ coupon }) => (coupon ? [{ coupon }] : [])),
      items: phase.items,
      off_session: true,
      ...(phase.metadata ? { metadata: phase.metadata } : {}),
      ...(phase.trial_end === null ? {} : { trial_end: phase.trial_end }),
    })
    sandbox.change('subscription', subscription, { schedule: id })
    sandbox.change('subscription_schedule', id, { current_phase: current, status: 'active', subscription })
    return
  }
  sandbox.change('subscription_schedule', id, { current_phase: current })
  applyItems(sandbox, schedule.subscription, phase, phase.proration_behavior)
}

function complete(sandbox: Sandbox, schedule: Schedule): void {
  const { now } = sandbox.clockOf(schedule)
  if (schedule.end_behavior !== 'cancel') {
    release(sandbox, schedule.id)
    return
  }
  sandbox.change(
    'subscription_schedule',
    schedule.id,
    { completed_at: now, current_phase: null, status: 'completed' },
    'subscription_schedule.completed',
  )
  if (schedule.subscription !== null) endSubscription(sandbox, schedule.subscription)
}

/** The subscription goes on by itself, as the last phase left it. */
export function release(sandbox: Sandbox, id: string): Schedule {
  const { subscription } = sandbox.get('subscription_schedule', id)
  const { now } = sandbox.clockOf(sandbox.get('subscription_schedule', id))
  if (subscription !== null) sandbox.change('subscription', subscription, { schedule: null })
  return sandbox.change(
    'subscription_schedule',
    id,
    {
      current_phase: null,
      released_at: now,
      released_subscription: subscription,
      status: 'released',
      subscription: null,
    },
    'subscription_schedule.released',
  )
}

function planPhases(sandbox: Sandbox, schedule: Schedule): void {
  const clock = sandbox.clockOf(schedule)
  for (const { start_date: start, end_date: end } of schedule.phases) {
    if (start > clock.now) clock.schedule(start, 'schedule.phase', schedule.id, 0)
    clock.schedule(end, 'schedule.phase', schedule.id, 0)
  }
}

function assertRunning({ status }: Schedule, verb: string): void {
  if (status === 'active' || status === 'not_started') return
  throw invalid(`You cannot ${verb} a subscription schedule that is ${status}.`)
}
