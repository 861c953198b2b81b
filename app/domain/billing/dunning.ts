import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { writtenAdmins } from '../mail/admins.ts'
import { type Mail, mailTopic } from '../mail/mail.ts'
import { BillingCause } from '../mail/templates/billing.ts'
import { billingPage } from './customer.ts'
import { type Cause, causesOf, nextLook } from './dunning-causes.ts'
import type { Reading } from './reading.ts'

/**
 * Writes to owners and admins who have proved their address what a reading gives cause for, as part of the transaction
 * that writes the reading: each cause has a row, so that no second reading, no crash and no repeated job writes of it
 * again. And leaves word when to look next, though Stripe tells nothing.
 * @param now by Stripe's clock, which tests move
 */
export async function writeMails(
  tx: Transaction,
  { orgId }: { orgId: OrgId },
  reading: Reading,
  now: Date,
): Promise<void> {
  const lookAt = nextLook(reading, now)?.toISOString() ?? null
  await tx.$executeRaw`
    update billing_customers set look_at = ${lookAt}::timestamptz
    where org_id = ${orgId}::uuid and look_at is distinct from ${lookAt}::timestamptz`
  const causes = causesOf(reading, now)
  if (causes.length === 0) return
  const known = causes.map(({ kind, about, attempt }) => ({ kind, about, attempt }))
  const fresh = await tx.$queryRawUnsafe<Pick<Cause, 'kind' | 'about' | 'attempt'>[]>(
    insertCauses,
    orgId,
    JSON.stringify(known),
  )
  if (fresh.length === 0) return
  const [organisation] = await tx.$queryRaw<{ name: string; timeZone: string }[]>`
    select name, time_zone as "timeZone" from organisations where id = ${orgId}::uuid`
  if (!organisation) return
  const letters = causes
    .filter((each) => fresh.some(({ kind, about, attempt }) => isSame(each, { kind, about, attempt })))
    .map(
      (cause): Omit<Mail<'billing'>, 'to'> => ({
        template: 'billing',
        // Parsed, so that what Stripe told beside it goes no further.
        data: { cause: BillingCause.parse(cause), organisation, link: billingPage() },
      }),
    )
  await tx.$executeRawUnsafe(insertLetters, orgId, mailTopic, JSON.stringify(letters))
}

const isSame = (a: Cause, b: Pick<Cause, 'kind' | 'about' | 'attempt'>): boolean =>
  a.kind === b.kind && a.about === b.about && a.attempt === b.attempt

// Who was not told that it failed is not told that it was paid.
const insertCauses = `
  insert into billing_mails (org_id, kind, about, attempt)
  select $1::uuid, kind, about, attempt
  from jsonb_to_recordset($2::jsonb) as c (kind text, about text, attempt integer)
  where kind <> 'paid' or exists (select from billing_mails m where m.org_id = $1::uuid and m.about = c.about
    and m.kind in ('payment failed', 'confirmation needed'))
  on conflict do nothing returning kind, about, attempt`

const insertLetters = `
  insert into outbox (org_id, topic, payload)
  select $1::uuid, $2, letter || jsonb_build_object('to', u.email)
  from jsonb_array_elements($3::jsonb) as letter, ${writtenAdmins}`
