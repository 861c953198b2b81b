import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { atStripe } from './customer.ts'
import { countedNow } from './entitlements.ts'
import { counted, limitOf } from './plans.ts'
import { type Shown, sealed } from './preview-token.ts'
import { Bill, digestOf, quote } from './quote.ts'
import { isoTime } from './reading.ts'
import { assertChangeable, standingOf } from './standing.ts'
import { Terms } from './terms.ts'

/** So long a preview is good for: somebody reads it and decides. */
const previewMinutes = 15

export const TakesEffect = z.enum(['now', 'periodEnd'])

export const Preview = Terms.extend({
  seats: z.number().int(),
  /** An organisation that takes more has it at once; one that takes less, as its period ends. */
  takesEffect: TakesEffect,
  /** The end of the period, where it takes effect then. */
  at: z.iso.datetime().nullable(),
  isTrial: z.boolean(),
  /** What is charged at once. */
  today: Bill,
  /** What comes after it, and when. */
  next: Bill.extend({ at: z.iso.datetime() }),
  /** What the organisation has more of than the plan allows: it keeps that, and adds nothing to it. */
  beyond: z.array(z.object({ of: z.enum(counted), used: z.number().int(), limit: z.number().int() })),
  /** Sent with the change: it costs what stands here, or is refused. */
  token: z.string(),
  validUntil: z.iso.datetime(),
}).meta({ id: 'BillingPreview' })
export type Preview = z.infer<typeof Preview>

export const membersOf = (actor: Pick<Actor, 'orgId'>): Promise<number> =>
  tenantDb(actor).read((db) => db.membership.count())

export const previewChange = operation({
  name: 'billing.preview',
  rest: 'GET /v1/billing/preview',
  summary: 'What another plan, or to pay by the other interval, would cost today and from then on',
  allow: 'admin',
  peopleOnly: true,
  heavy: true,
  reads: 'elsewhere',
  input: z.strictObject(Terms.shape),
  output: Preview,
  run: (actor, to) =>
    atStripe(async (client) => {
      const standing = await standingOf(client, actor)
      assertChangeable(standing, actor)
      const quoted = await quote(client, standing, { ...to, members: await membersOf(actor) })
      const until = Date.now() + previewMinutes * 60_000
      const shown: Shown = {
        ...to,
        organisation: actor.orgId,
        at: quoted.prorationDate,
        digest: digestOf(standing, quoted),
        until,
      }
      return {
        ...to,
        seats: quoted.seats,
        takesEffect: quoted.when,
        at: quoted.when === 'now' ? null : isoTime(standing.periodEnd),
        isTrial: standing.isTrial,
        today: quoted.today,
        next: { ...quoted.next, at: isoTime(quoted.nextAt) },
        beyond: await beyond(actor, to),
        token: sealed(shown),
        validUntil: new Date(until).toISOString(),
      }
    }),
})

async function beyond(actor: Pick<Actor, 'orgId'>, { plan }: Terms): Promise<Preview['beyond']> {
  const use = await tenantDb(actor).read((db) =>
    countedNow((text, values) => db.$queryRawUnsafe(text, ...values), actor.orgId),
  )
  return counted.flatMap((of) => {
    const limit = limitOf(plan, of)
    return limit !== null && use[of] > limit ? [{ of, used: use[of], limit }] : []
  })
}
