import { type OrgId, orgId } from '@worklane/data/ids.ts'
import type { NotificationKind } from '@worklane/domain/activity/announce.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { unsubscribeLinks } from '@worklane/domain/digests/unsubscribe.ts'
import type { Mail } from '@worklane/domain/mail/mail.ts'
import type { Item } from '@worklane/domain/mail/templates/letter.ts'
import { runtime, tenantDb } from '@worklane/domain/runtime.ts'
import { z } from 'zod'
import { sendMail } from '../mail/send.ts'
import { NotNow } from '../queue.ts'

/** What the schedule leaves in the outbox: whose it is, and for which day. */
const Due = z.object({ userId: z.uuid(), period: z.iso.date() })
type Due = z.infer<typeof Due>

/** Longer than a mail server has for an answer (mail/send.ts): whoever claimed it before that is dead. Seconds. */
const claimSeconds = 90
const shown = 10
const mostCounted = 100

/**
 * Sends somebody what they have not read, where there is something: once for a period, however often its job runs.
 * @throws NotNow while another worker sends it: only its end tells whether it was sent
 */
export async function sendDigest(job: OutboxJob): Promise<void> {
  const tenant = orgId(job.orgId)
  const due = Due.parse(job.payload)
  const claimed = await ask(tenant, claim, due, claimSeconds)
  if (claimed.length === 0) {
    if (await isOpen(tenant, due)) throw new NotNow(5_000)
    return
  }
  try {
    const mail = await digestMail(tenant, due)
    if (mail) await sendMail(mail, job.id)
  } catch (error) {
    await ask(tenant, giveUp, due)
    throw error
  }
  await ask(tenant, settle, due)
}

/** The mail of a period as it would be sent now; null for who wants none any more, or has read everything. */
async function digestMail(tenant: OrgId, due: Due): Promise<Mail<'digest'> | null> {
  const [to] = await ask<Recipient>(tenant, recipient, due)
  if (!to) return null
  const rows = await ask<Unread>(tenant, unread, due, mostCounted + 1)
  if (rows.length === 0) return null
  const { ORIGIN } = runtime().env
  return {
    to: to.email,
    template: 'digest',
    data: {
      organisation: to.organisation,
      every: to.every,
      unread: Math.min(rows.length, mostCounted),
      isMore: rows.length > mostCounted,
      items: rows.slice(0, shown).map((row) => itemOf(row, ORIGIN)),
      link: `${ORIGIN}/notifications`,
      unsubscribe: unsubscribeLinks(to.token),
    },
  }
}

type Recipient = { email: string; organisation: string; every: 'daily' | 'weekly'; token: string }
type Unread = {
  kind: z.infer<typeof NotificationKind>
  who: string | null
  excerpt: string
  taskId: string | null
  key: string | null
  title: string | null
}

function itemOf({ kind, who, excerpt, taskId, key, title }: Unread, origin: string): Item {
  const somebody = who ?? 'Somebody'
  if (kind === 'exported' || kind === 'imported')
    return { title: excerpt, text: ofJobs[kind].text, link: `${origin}${ofJobs[kind].page}` }
  if (taskId === null || kind === 'joined')
    return {
      title: `${somebody} joined`,
      text: 'Your invitation was accepted.',
      link: `${origin}/settings/members`,
    }
  const did = { assigned: 'gave it to you', mentioned: 'mentioned you', commented: 'commented' }[kind]
  const said = excerpt.trim() === '' ? '' : `: ${excerpt.trim()}`
  return { title: `${key} ${title}`, text: `${somebody} ${did}${said}`, link: `${origin}/tasks/${taskId}` }
}

const ofJobs = {
  exported: { text: 'See your exports.', page: '/settings/exports' },
  imported: { text: 'See your imports.', page: '/settings/imports' },
}

const ask = <Row = unknown>(tenant: OrgId, text: string, { userId, period }: Due, ...more: number[]) =>
  tenantDb({ orgId: tenant }).read((db) => db.$queryRawUnsafe<Row[]>(text, tenant, userId, period, ...more))

const isOpen = async (tenant: OrgId, due: Due): Promise<boolean> => {
  const [row] = await ask<{ isOpen: boolean }>(tenant, open, due)
  return row?.isOpen ?? false
}

const which = 'org_id = $1::uuid and user_id = $2::uuid and period = $3::date'
const claim = `
  update digest_mails set claimed_at = now()
  where ${which} and settled_at is null
    and (claimed_at is null or claimed_at < now() - make_interval(secs => $4::int)) returning true as claimed`
const open = `select settled_at is null as "isOpen" from digest_mails where ${which}`
const giveUp = `update digest_mails set claimed_at = null where ${which}`
const settle = `update digest_mails set settled_at = now() where ${which}`

// Nobody is written to whose address is not proved: somebody else may have signed up with it.
const recipient = `
  select u.email, o.name as organisation, d.every, d.unsubscribe_token as token
  from digests d
  join digest_mails m using (org_id, user_id)
  join memberships using (org_id, user_id)
  join users u on u.id = d.user_id
  join organisations o on o.id = d.org_id
  where d.org_id = $1::uuid and d.user_id = $2::uuid and m.period = $3::date
    and d.every <> 'off' and u.email_verified is not null`

// What was told before is not told again. What a mail was to tell that was never sent, the next one tells.
const unread = `
  select n.kind, u.name as who, n.excerpt, t.id as "taskId", p.key || '-' || t.number as key, t.title
  from digest_mails m
  join digests d using (org_id, user_id)
  join notifications n using (org_id, user_id)
  left join users u on u.id = n.actor_id
  left join tasks t on t.org_id = n.org_id and t.id = n.task_id
  left join projects p on p.org_id = t.org_id and p.id = t.project_id
  where m.org_id = $1::uuid and m.user_id = $2::uuid and m.period = $3::date
    and n.read_at is null and n.created_at <= m.made_at
    and n.created_at > coalesce(
      (select max(made_at) from digest_mails b where b.org_id = m.org_id and b.user_id = m.user_id
         and b.period < m.period and b.settled_at is not null),
      m.made_at - case d.every when 'daily' then interval '1 day' else interval '7 days' end)
  order by n.id desc limit $4`
