import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { type Mail, mailTopic } from '../mail/mail.ts'
import { notificationTopic, type Told } from '../notifications/topic.ts'
import { runtime } from '../runtime.ts'

type News = {
  kind: Extract<Told['kind'], 'exported' | 'imported'>
  /** Of the mail: it holds no text that somebody chose. */
  subject: string
  /** Of the notification, where it says more. */
  excerpt?: string
  text: string
  /** The page that shows it, to those who may see it. */
  page: '/settings/exports' | '/settings/imports'
}

/**
 * Tells a person, by a mail and a notification, what came of a job: as part of the transaction that ends it, so that it
 * is told if and only if it ended. Who is no member any more is told nothing; whose address is not proved gets no mail, since
 * it may be a stranger's.
 */
export async function tellOfJob(
  tx: Transaction,
  orgId: OrgId,
  userId: string | null,
  { kind, subject, excerpt = subject, text, page }: News,
): Promise<void> {
  if (userId === null) return
  const [person] = await tx.$queryRaw<{ email: string; isProved: boolean }[]>`
    select u.email, u.email_verified is not null as "isProved" from users u join memberships m on m.user_id = u.id
    where m.org_id = ${orgId}::uuid and u.id = ${userId}::uuid`
  if (!person) return
  const link = `${runtime().env.ORIGIN}${page}`
  const mail: Mail = { to: person.email, template: 'notice', data: { subject, text, link } }
  const told: Told = { userId, kind, actorId: null, excerpt }
  const jobs = [
    ...(person.isProved ? [{ topic: mailTopic, payload: mail }] : []),
    { topic: notificationTopic, payload: told },
  ]
  await tx.$executeRaw`
    insert into outbox (org_id, topic, payload)
    select ${orgId}::uuid, topic, payload
    from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as j (topic text, payload jsonb)`
}
