import { z } from 'zod'
import { operation } from '../operation.ts'
import { changing } from './changing.ts'
import { isUnanswered } from './customer.ts'
import { forgetLetGo, letGo, putBackSoon } from './let-go.ts'
import { noted } from './one-at-a-time.ts'
import { isoTime } from './reading.ts'
import { releaseSchedule } from './schedule.ts'

// Both may be said twice: the second time nothing is left to do. So they need no key at Stripe, by which a third one, of
// another day, would be taken for the first.

export const cancelSubscription = operation({
  name: 'billing.cancel',
  rest: 'POST /v1/billing/cancel',
  summary:
    'Cancels the subscription: it ends with the period that is paid for, and the plan is Free from then on',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({}),
  output: z.object({
    /** When it ends. */
    at: z.iso.datetime(),
  }),
  run: (actor) =>
    changing(actor, async (client, standing) => {
      const { subscription, periodEnd } = standing
      if (subscription.cancel_at !== null) return { at: isoTime(subscription.cancel_at) }
      // Stripe refuses to cancel what a schedule manages; a change that was ahead has become pointless.
      await letGo(client, actor, 'billing.cancel', standing)
      await client.subscriptions
        .update(subscription.id, { cancel_at_period_end: true })
        .catch(async (error: unknown) => {
          if (!isUnanswered(error)) await putBackSoon(client, actor)
          throw error
        })
      await forgetLetGo(actor)
      const at = isoTime(periodEnd)
      const target = `subscription ${subscription.id}`
      await noted(actor, 'billing.cancel', target, { cancelAt: null }, { cancelAt: at })
      return { at }
    }),
})

export const resumeSubscription = operation({
  name: 'billing.resume',
  rest: 'POST /v1/billing/resume',
  summary: 'Takes a cancellation back, as long as the subscription has not ended: it goes on as before',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({}),
  output: z.object({}),
  run: (actor) =>
    changing(actor, async (client, { subscription, schedule }) => {
      if (subscription.cancel_at === null) return {}
      // One of another's making that ends it: without the schedule it goes on.
      if (schedule) await releaseSchedule(client, schedule)
      else await client.subscriptions.update(subscription.id, resumed(subscription))
      const before = { cancelAt: isoTime(subscription.cancel_at) }
      await noted(actor, 'billing.resume', `subscription ${subscription.id}`, before, { cancelAt: null })
      return {}
    }),
})

/** However it was cancelled: at the end of its period, or for a day that somebody chose at Stripe. */
const resumed = ({ cancel_at_period_end: atEnd }: { cancel_at_period_end: boolean }) =>
  atEnd ? ({ cancel_at_period_end: false } as const) : ({ cancel_at: '' } as const)
