import type Stripe from 'stripe'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { invalidField, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { changing } from './changing.ts'
import { changeNow } from './charge.ts'
import { atStripe } from './customer.ts'
import { forget, forgetLetGo } from './let-go.ts'
import { itemsOf } from './metered-items.ts'
import { noted, oneAtATime } from './one-at-a-time.ts'
import { dropPending, waitingFor } from './pending-change.ts'
import { membersOf, TakesEffect } from './preview.ts'
import { opened, type Shown } from './preview-token.ts'
import { digestOf, quote } from './quote.ts'
import { isoTime } from './reading.ts'
import { releaseSchedule, scheduleChange } from './schedule.ts'
import { assertChangeable, standingOf } from './standing.ts'
import { isSame, Terms } from './terms.ts'

export const changePlan = operation({
  name: 'billing.change',
  rest: 'POST /v1/billing/change',
  summary: 'Changes the plan or the interval, at the cost that a preview has shown',
  allow: 'admin',
  peopleOnly: true,
  heavy: true,
  writes: 'elsewhere',
  // It leaves its entry once Stripe has taken the change.
  audited: false,
  input: z.strictObject({
    ...Terms.shape,
    /** The token of `billing.preview`. */
    preview: z.string().min(1).max(2_000),
  }),
  output: z.object({
    takesEffect: TakesEffect,
    at: z.iso.datetime().nullable(),
    /** The bank wants its holder to confirm the payment there: the change takes effect with that. */
    confirmAt: z.url().nullable(),
  }),
  run: (actor, { preview, ...to }) =>
    atStripe(async (client) => {
      const shown = shownBefore(actor, to, preview)
      return oneAtATime(actor, (answered) =>
        change(client, actor, to, shown, `${keyOf(actor, preview)} ${answered}`),
      )
    }),
})

/** The intent of an organisation: the same preview sent twice is one change, unless Stripe has answered the first. */
const keyOf = ({ orgId }: Pick<Actor, 'orgId'>, preview: string) =>
  `${orgId} change ${preview.slice(preview.lastIndexOf('.') + 1)}`

function shownBefore({ orgId }: Pick<Actor, 'orgId'>, to: Terms, token: string): Shown {
  const shown = opened(token)
  if (shown === null || shown.organisation !== orgId || !isSame(shown, to))
    throw invalidField('preview', 'is of no such change: ask billing.preview for this plan and interval')
  if (shown.until < Date.now())
    throw new Problem('conflict', 'The preview is too old: look at what the change costs now.')
  return shown
}

async function change(client: Stripe, actor: Actor, to: Terms, shown: Shown, key: string) {
  const standing = await standingOf(client, actor)
  // Somebody was faster, or the same was sent twice: it is as it was asked for.
  if (isSame(standing.terms, to)) return atOnce(null)
  const atEnd = { takesEffect: 'periodEnd', at: isoTime(standing.periodEnd), confirmAt: null } as const
  if (standing.scheduled && isSame(standing.scheduled, to)) return atEnd
  assertChangeable(standing, actor)
  if (shown.at !== null && shown.at < standing.item.current_period_start) throw otherCosts()
  const asked = { ...to, members: await membersOf(actor), at: shown.at }
  const quoted = await quote(client, standing, asked)
  const waiting = await waitingFor(client, standing, to, quoted)
  if (waiting !== null) return atOnce(waiting)
  if (digestOf(standing, quoted) !== shown.digest) throw otherCosts()
  if (standing.subscription.pending_update) {
    await dropPending(client, standing)
    // The credit that it took is the customer's again, so the same change may cost something else.
    if (digestOf(standing, await quote(client, standing, asked)) !== shown.digest) throw otherCosts()
  }
  const before = { ...standing.terms, scheduled: standing.scheduled }
  const target = `subscription ${standing.subscription.id}`
  if (quoted.when === 'periodEnd') {
    const items = await itemsOf(client, { ...to, seats: quoted.seats })
    await scheduleChange(client, { ...standing, items })
    await forgetLetGo(actor)
    await noted(actor, 'billing.change', target, before, { ...standing.terms, scheduled: to })
    return atEnd
  }
  const confirmAt = await changeNow(client, actor, standing, quoted, key)
  const after = { ...(confirmAt === null ? to : standing.terms), scheduled: null }
  await noted(actor, 'billing.change', target, before, after)
  return atOnce(confirmAt)
}

const otherCosts = () =>
  new Problem('conflict', 'What the change costs is not what you saw: look at it again.')

const atOnce = (confirmAt: string | null) => ({ takesEffect: 'now', at: null, confirmAt }) as const

export const undoChange = operation({
  name: 'billing.undoChange',
  rest: 'DELETE /v1/billing/change',
  summary: 'Takes back a change that is scheduled for the end of the period',
  allow: 'admin',
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({}),
  output: z.object({}),
  run: (actor) =>
    changing(actor, async (client, { subscription, schedule, terms, scheduled }) => {
      // What was let go is not put back either.
      await forget(actor)
      if (schedule === null) return {}
      await releaseSchedule(client, schedule)
      const target = `subscription ${subscription.id}`
      const [before, after] = [
        { ...terms, scheduled },
        { ...terms, scheduled: null },
      ]
      await noted(actor, 'billing.undoChange', target, before, after)
      return {}
    }),
})
