import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { type Mail, mailTopic } from '../mail/mail.ts'
import { notificationTopic, type Told } from '../notifications/topic.ts'
import { runtime } from '../runtime.ts'

type News = {
  kind: Extract<Told['kind'], 'exported' | 'imported'>
  subject: string
  text: string
  /** The page that shows it, to those who may see it. */
  page: '/settings/exports' | '/settings/imports'
}

/**
 * Tells a person, by a mail and a notification, what came of a job: as part of the transaction that ends it, so that it
 * is told if and only if it ended. Who is no member any more is told nothing.
 */
export async function tellOfJob(
  tx: Transaction,
  orgId: OrgId,
  userId: string | null,
  { kind, subject, text, page }: News,
): Promise<void> {
  if (userId === null) return
  const [person] = await tx.$queryRaw<{ email: string }[]>`
    select u.email from users u join memberships m on m.user_id = u.id
    where m.org_id = ${orgId}::uuid and u.id = ${userId}::uuid`
  if (!person) return
  const link = `${runtime().env.ORIGIN}${page}`
  const mail: Mail = { to: person.email, template: 'notice', data: { subject, text, link } }
  const told: Told = { userId, kind, actorId: null, excerpt: subject }
  await tx.$executeRaw`
    insert into outbox (org_id, topic, payload) values
      (${orgId}::uuid, ${mailTopic}, ${JSON.stringify(mail)}::jsonb),
      (${orgId}::uuid, ${notificationTopic}, ${JSON.stringify(told)}::jsonb)`
}
