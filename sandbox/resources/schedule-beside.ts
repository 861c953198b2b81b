import type { SchedulePhase, Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { blank } from '../openapi/blank.ts'
import type { ChangeParams } from './subscription-fields.ts'

/** @throws StripeError for an end beside the schedule, which says itself when its subscription ends */
export function assertUnmanaged({ schedule }: Subscription, params: ChangeParams): void {
  if (schedule === null) return
  if (params.cancel_at_period_end === undefined && params.cancel_at === undefined) return
  throw invalid(
    `The subscription is managed by the subscription schedule \`${schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
  )
}

/** What is changed beside a schedule counts for its running phase alone: the next one says what it said before. */
export function followInPhase(sandbox: Sandbox, { schedule: id, items }: Subscription): void {
  const schedule = sandbox.find('subscription_schedule', id)
  const start = schedule?.current_phase?.start_date
  if (!schedule || start === undefined) return
  const now = items.data.map(
    ({ price, quantity, metadata }) =>
      ({
        ...blank('subscription_schedule_configuration_item'),
        price: price.id,
        metadata,
        ...(quantity === undefined ? {} : { quantity }),
      }) as SchedulePhase['items'][number],
  )
  const phases = schedule.phases.map((phase) =>
    phase.start_date === start ? { ...phase, items: now } : phase,
  )
  sandbox.change('subscription_schedule', schedule.id, { phases })
}
