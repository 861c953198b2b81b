import type { Metadata, Seconds } from '../core/objects/base.ts'
import type { Interval } from '../core/objects/catalog.ts'
import type { SchedulePhase } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { blank } from '../openapi/blank.ts'
import { addInterval } from './calendar.ts'
import type { DiscountParams } from './coupons.ts'
import { isMetered } from './proration.ts'
import { changeSubscription } from './subscription-changes.ts'
import type { Proration } from './subscription-fields.ts'
import type { ItemParams } from './subscription-items.ts'
import { automaticTax } from './subscriptions.ts'

export type PhaseParams = {
  automatic_tax?: { enabled: boolean }
  discounts?: DiscountParams[] | ''
  duration?: { interval: Interval; interval_count?: number }
  end_date?: Seconds | 'now'
  items: { price?: string; quantity?: number; metadata?: Metadata }[]
  iterations?: number
  metadata?: Metadata
  proration_behavior?: Proration
  start_date?: Seconds | 'now'
  trial?: boolean
  trial_end?: Seconds | 'now'
}

/**
 * Prices that stay keep their item, others take over one of their kind, the rest is added or goes. A discount that the phase does
 * not name goes, too.
 */
export function applyItems(
  sandbox: Sandbox,
  subscription: string,
  phase: SchedulePhase,
  behavior: Proration,
): void {
  const { items } = sandbox.get('subscription', subscription)
  const wanted = phase.items.filter(({ price }) => !items.data.some((item) => item.price.id === price))
  const spare = items.data.filter((item) => !phase.items.some(({ price }) => price === item.price.id))
  const kept = phase.items.flatMap(({ price, quantity }): ItemParams[] => {
    const item = items.data.find((one) => one.price.id === price)
    return item ? [{ id: item.id, ...(quantity === undefined ? {} : { quantity }) }] : []
  })
  const replaced = wanted.map(({ price, quantity }): ItemParams => {
    const isUsage = isMetered(sandbox.get('price', price))
    const place = spare.findIndex((item) => isMetered(item.price) === isUsage)
    const [item] = place === -1 ? [] : spare.splice(place, 1)
    return { ...(item ? { id: item.id } : {}), ...(quantity === undefined ? {} : { quantity }), price }
  })
  const changes: ItemParams[] = [...kept, ...replaced, ...spare.map(({ id }) => ({ id, deleted: true }))]
  changeSubscription(sandbox, subscription, {
    discounts: discountsOf(sandbox, subscription, phase),
    ...(phase.automatic_tax ? { automatic_tax: { enabled: phase.automatic_tax.enabled } } : {}),
    items: changes,
    off_session: true,
    proration_behavior: behavior,
  })
}

/** One that the subscription has already goes on, and does not begin anew; one that is spent stays so. */
function discountsOf(
  sandbox: Sandbox,
  subscription: string,
  { discounts }: SchedulePhase,
): DiscountParams[] | '' {
  const had = sandbox.get('subscription', subscription).discounts
  const named = discounts.flatMap(({ discount, coupon, promotion_code: code }): DiscountParams[] => {
    if (discount !== null) return had.includes(discount) ? [{ discount }] : []
    if (code !== null) return [{ promotion_code: code }]
    const known = had.find((id) => sandbox.get('discount', id).source.coupon === coupon)
    return known ? [{ discount: known }] : coupon === null ? [] : [{ coupon }]
  })
  return named.length > 0 ? named : ''
}

/** Each phase begins where the one before it ends. */
export function phasesOf(
  sandbox: Sandbox,
  given: readonly PhaseParams[],
  start: Seconds,
  now: Seconds,
): SchedulePhase[] {
  let from = start
  return given.map((phase, place) => {
    const begin = phase.start_date === 'now' ? now : (phase.start_date ?? from)
    const end = endOfPhase(sandbox, phase, begin, now, place)
    if (end <= begin)
      throw invalid('The end of a phase must come after its start.', `phases[${place}][end_date]`)
    if (place > 0 && begin !== from)
      throw invalid('Each phase has to begin where the one before it ends.', `phases[${place}][start_date]`)
    from = end
    return phaseOf(sandbox, phase, begin, end)
  })
}

function endOfPhase(
  sandbox: Sandbox,
  phase: PhaseParams,
  begin: Seconds,
  now: Seconds,
  place: number,
): Seconds {
  if (phase.end_date === 'now') return now
  if (phase.end_date !== undefined) return phase.end_date
  if (phase.duration) return addInterval(begin, phase.duration.interval, phase.duration.interval_count ?? 1)
  const { recurring } = sandbox.get('price', phase.items[0]?.price ?? '', `phases[${place}][items][0][price]`)
  return addInterval(
    begin,
    recurring?.interval ?? 'month',
    (recurring?.interval_count ?? 1) * (phase.iterations ?? 1),
  )
}

export function phaseOf(sandbox: Sandbox, phase: PhaseParams, start: Seconds, end: Seconds): SchedulePhase {
  const trialEnd = phase.trial ? end : typeof phase.trial_end === 'number' ? phase.trial_end : null
  return {
    ...blank('subscription_schedule_phase_configuration'),
    currency: sandbox.find('price', phase.items[0]?.price)?.currency ?? 'usd',
    ...(phase.automatic_tax ? { automatic_tax: automaticTax(phase.automatic_tax.enabled) } : {}),
    discounts: (phase.discounts || []).map(({ coupon, discount, promotion_code: code }) => ({
      coupon: coupon ?? null,
      discount: discount ?? null,
      promotion_code: code ?? null,
    })),
    end_date: end,
    items: phase.items.map(({ price = '', quantity, metadata = {} }, place) => ({
      ...blank('subscription_schedule_configuration_item'),
      price: sandbox.get('price', price, `phases[0][items][${place}][price]`).id,
      metadata,
      ...(quantity === undefined ? {} : { quantity }),
    })),
    metadata: phase.metadata ?? {},
    proration_behavior: phase.proration_behavior ?? 'create_prorations',
    start_date: start,
    trial_end: trialEnd,
  } as SchedulePhase
}
