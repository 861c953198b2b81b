import { randomUUID } from 'node:crypto'
import type { Role } from '../actor.ts'
import { newKey, prefixOf } from '../api-keys/secret.ts'
import type { AnyOperation } from '../operation.ts'
import { createSession, resolveActor } from '../sessions/sessions.ts'
import { tokenHash } from '../sessions/token.ts'
import { asAdministrator, type Tenant } from './tenants.ts'

/** One of everything that a tenant can have; what belongs to a person belongs to the one it was made for. */
export type Things = {
  projectId: string
  taskId: string
  labelId: string
  commentId: string
  /** Ready; its bytes are not in the store. */
  fileId: string
  /** Large, and begun by who they are. */
  uploadId: string
  exportId: string
  importId: string
  /** Pictures on their way. */
  avatarUploadId: string
  logoUploadId: string
  filterId: string
  notificationId: string
  invitationId: string
  apiKeyId: string
  webhookId: string
  /** Failed, to that webhook. */
  deliveryId: string
  sessionId: string
  memberId: string
  /** Confirmations that removals ask for. */
  slug: string
  email: string
  /** An API key with every scope, and one of the same that is past its date. */
  key: string
  expiredKey: string
}

/** Furnishes a tenant with a row in every table. @param role whose comment, filter, keys … they are */
export async function furnish(tenant: Tenant, role: Role = 'owner'): Promise<Things> {
  const { actor } = tenant.people[role]
  const { token } = await createSession(actor.userId)
  const session = await resolveActor(token)
  const [key, expiredKey] = [newKey(), newKey()]
  return asAdministrator(async (client) => {
    const insert = async (table: string, columns: Record<string, unknown>): Promise<string> => {
      const names = ['org_id', ...Object.keys(columns)]
      const { rows } = await client.query(
        `insert into ${table} (${names.join(', ')}) values (${names.map((_, n) => `$${n + 1}`).join(', ')}) returning *`,
        [tenant.id, ...Object.values(columns)],
      )
      return rows[0].id
    }
    const user = await client.query('select email from users where id = $1', [actor.userId])
    const organisation = await client.query('select slug from organisations where id = $1', [tenant.id])
    const labelId = await insert('labels', { name: tenant.canary })
    await insert('task_labels', { task_id: tenant.task, label_id: labelId })
    await insert('outbox', { topic: 'test', payload: {} })
    await insert('activity', {
      outbox_id: randomUUID(),
      task_id: tenant.task,
      ...{ task_key: 'ATL-1', task_title: `First ${tenant.canary}`, kind: 'created', actor_id: actor.userId },
    })
    await client.query(insertDigest, [tenant.id, actor.userId])
    await client.query(insertBilling, [tenant.id, randomUUID().replaceAll('-', ''), randomUUID()])
    await insert('audit_log', { actor_id: actor.userId, operation: 'test', target: tenant.canary })
    await client.query(
      `insert into idempotency (org_id, user_id, key, operation, input_digest) values ($1, $2, $3, 'test', '')`,
      [tenant.id, actor.userId, randomUUID()],
    )
    const keyColumns = (secret: string, days: number) => ({
      ...{ name: `Key ${tenant.canary}`, prefix: prefixOf(secret), key_hash: tokenHash(secret) },
      ...{ scopes: ['*:read', '*:write'], created_by: actor.userId },
      expires_at: new Date(Date.now() + days * 86_400_000),
    })
    await insert('api_keys', keyColumns(expiredKey, -1))
    const importId = await insert('imports', {
      ...{ name: `${tenant.canary}.csv`, state: 'checked', created_by: actor.userId, rows_total: 1 },
    })
    await insert('import_lines', {
      ...{ import_id: importId, line: 2, task: { title: tenant.canary, projectId: tenant.project } },
    })
    const webhookId = await insert('webhook_endpoints', {
      ...{ url: `https://hooks.example.test/${tenant.canary}`, description: `Told ${tenant.canary}` },
      ...{ events: ['task.created'], secret: 'sealed', created_by: actor.userId },
    })
    const eventId = await insert('webhook_events', {
      ...{ id: randomUUID(), type: 'task.created', body: JSON.stringify({ said: tenant.canary }) },
    })
    const deliveryId = await insert('webhook_deliveries', {
      ...{ event_id: eventId, endpoint_id: webhookId, state: 'failed', attempts: 1, last_status: 500 },
    })
    await insert('webhook_attempts', {
      ...{ delivery_id: deliveryId, number: 1, at: new Date(), duration_ms: 10, status: 500 },
      response: `Broken ${tenant.canary}`,
    })
    return {
      projectId: tenant.project,
      taskId: tenant.task,
      labelId,
      commentId: await insert('comments', {
        ...{ task_id: tenant.task, author_id: actor.userId, body: `Seen ${tenant.canary}` },
      }),
      fileId: await insert('files', {
        ...{ task_id: tenant.task, created_by: actor.userId, name: `${tenant.canary}.png` },
        ...{ type: 'image/png', size: 1_000, width: 10, height: 10 },
        ...{ upload_until: new Date(), uploaded_at: new Date(), ready_at: new Date() },
      }),
      uploadId: await insert('files', {
        ...{ task_id: tenant.task, created_by: actor.userId, name: `${tenant.canary}.zip` },
        ...{ type: 'application/zip', size: 20 * 1024 ** 2 },
        upload_until: new Date(Date.now() + 86_400_000),
      }),
      exportId: await insert('exports', {
        ...{ kind: 'tasks', format: 'csv', filters: {}, state: 'ready', created_by: actor.userId },
        ...{ run: randomUUID(), finished_at: new Date(), expires_at: new Date(Date.now() + 86_400_000) },
      }),
      importId,
      avatarUploadId: await insert('picture_uploads', newPicture(actor.userId)),
      logoUploadId: await insert('picture_uploads', newPicture(null)),
      filterId: await insert('saved_filters', {
        ...{ user_id: actor.userId, name: `Mine ${tenant.canary}`, query: { assigneeId: 'me' } },
      }),
      notificationId: await insert('notifications', {
        ...{ user_id: actor.userId, outbox_id: randomUUID(), kind: 'mentioned', task_id: tenant.task },
        excerpt: `Look ${tenant.canary}`,
      }),
      invitationId: await insert('invitations', {
        ...{ email: `${randomUUID()}@example.test`, role: 'member', token_hash: randomUUID() },
        expires_at: new Date(Date.now() + 86_400_000),
      }),
      apiKeyId: await insert('api_keys', keyColumns(key, 30)),
      webhookId,
      deliveryId,
      sessionId: session?.sessionId ?? '',
      memberId: tenant.people.viewer.actor.userId,
      slug: organisation.rows[0].slug,
      email: user.rows[0].email,
      key,
      expiredKey,
    }
  })
}

const insertDigest = `
  with digest as (
    insert into digests (org_id, user_id, every, due_at) values ($1, $2, 'weekly', now() + interval '1 day')
    on conflict do nothing
  )
  insert into digest_mails (org_id, user_id, period) values ($1, $2, current_date) on conflict do nothing`

const newPicture = (person: string | null) => ({
  ...{ user_id: person, type: 'image/png', size: 1_000 },
  upload_until: new Date(Date.now() + 600_000),
})

/** A subscription that was paid for once, in part given back, and has ended. An organisation is one customer. */
const insertBilling = `
  with customer as (
    insert into billing_customers (org_id, stripe_id) values ($1, 'cus_' || $2) on conflict do nothing
  ), subscription as (
    insert into subscriptions (org_id, id, status, plan, "interval", seats, currency, seat_amount, period_start,
      period_end, paid_at, ended_at, created_at)
    values ($1, 'sub_' || $2, 'canceled', 'team', 'month', 1, 'eur', 800, now(), now() + interval '30 days', now(),
      now(), now())
  ), invoice as (
    insert into invoices (org_id, id, subscription_id, number, status, currency, total, tax, amount_due, amount_paid,
      attempts, period_start, period_end, finalized_at, paid_at, created_at)
    values ($1, 'in_' || $2, 'sub_' || $2, 'WL-' || $2, 'paid', 'eur', 800, 0, 800, 800, 1, now(),
      now() + interval '30 days', now(), now(), now())
  ), payment as (
    insert into payments (org_id, id, invoice_id, currency, amount, paid_at)
    values ($1, 'pi_' || $2, 'in_' || $2, 'eur', 800, now())
  ), refund as (
    insert into refunds (org_id, id, payment_id, currency, amount, status, created_at)
    values ($1, 're_' || $2, 'pi_' || $2, 'eur', 100, 'succeeded', now())
  ), dispute as (
    insert into disputes (org_id, id, payment_id, currency, amount, status, created_at)
    values ($1, 'du_' || $2, 'pi_' || $2, 'eur', 700, 'needs_response', now())
  ), month as (
    insert into usage_months (org_id, kind, month, used)
    values ($1, 'requests', date_trunc('month', now() at time zone 'UTC'), 1) on conflict do nothing
  ), event as (
    insert into usage_events (org_id, identifier, kind, quantity, hour, rolled_up)
    values ($1, $3::uuid, 'requests', 1, date_trunc('hour', now(), 'UTC'), true)
  ), hour as (
    insert into usage_hours (org_id, kind, hour, part, quantity)
    values ($1, 'requests', date_trunc('hour', now(), 'UTC'), 1, 1) on conflict do nothing
  ), mail as (
    insert into billing_mails (org_id, kind, about, attempt) values ($1, 'payment failed', 'in_' || $2, 1)
  )
  insert into ledger_entries (org_id, cause, account, currency, amount, at)
  select $1, 'refund re_' || $2, account, 'eur', amount, now()
  from (values ('cash', -100), ('revenue', 100)) as sides (account, amount)`

/** An input that an operation takes, made of a tenant's things: what it needs, and some of what it may have. */
export function sampleInput({ name, input }: Pick<AnyOperation, 'name' | 'input'>, things: Things) {
  const special: Record<string, Record<string, unknown>> = {
    'me.update': { name: 'Renamed' },
    'me.setPassword': { next: `a long one ${randomUUID()}` },
    'me.remove': { confirm: things.email },
    'organisation.create': { name: 'Another' },
    'organisation.update': { name: 'Renamed' },
    'organisation.transfer': { memberId: things.memberId },
    'organisation.remove': { confirm: things.slug },
    'member.setRole': { memberId: things.memberId, role: 'member' },
    'invitation.create': { email: `${randomUUID()}@example.test`, role: 'member' },
    'project.create': { key: `K${randomUUID().slice(0, 6).toUpperCase()}`, name: 'New' },
    'project.update': { projectId: things.projectId, name: 'Renamed' },
    'task.create': { projectId: things.projectId, title: 'New', labelIds: [things.labelId] },
    'task.update': { taskId: things.taskId, title: 'Changed', assigneeId: things.memberId },
    'task.move': { taskId: things.taskId, status: 'doing' },
    'label.create': { name: randomUUID() },
    'label.update': { labelId: things.labelId, colour: 'red' },
    'comment.create': { taskId: things.taskId, body: 'Well done' },
    'comment.update': { commentId: things.commentId, body: 'Better done' },
    'upload.create': { taskId: things.taskId, name: 'plan.png', size: 1_000 },
    'export.create': { kind: 'tasks', format: 'csv', filters: { status: 'todo' } },
    'import.check': { name: 'tasks.csv', content: 'project,title\nATL,From a file\n' },
    'avatar.upload': { name: 'me.png', size: 1_000 },
    'avatar.complete': { pictureId: things.avatarUploadId },
    'logo.upload': { name: 'logo.png', size: 1_000 },
    'logo.complete': { pictureId: things.logoUploadId },
    'filter.create': { name: `Filter ${randomUUID()}`, query: { status: 'todo' } },
    'notification.updatePreferences': { digest: 'daily' },
    'search.find': { q: 'first' },
    'billing.checkout': { plan: 'team', interval: 'month' },
    'billing.preview': { plan: 'team', interval: 'month' },
    'billing.change': { plan: 'team', interval: 'month', preview: 'none' },
    'apiKey.create': { name: 'A key', scopes: ['task:read'] },
    'webhook.create': { url: 'https://hooks.example.test/new', events: ['task.created'] },
    'webhook.update': { webhookId: things.webhookId, description: 'Changed' },
  }
  if (special[name]) return special[name]
  // The other operations need the ids that stand in their path, and nothing else.
  const ids = Object.keys(input.shape).filter((field) => field in things && !input.shape[field]?.isOptional())
  return Object.fromEntries(ids.map((field) => [field, things[field as keyof Things]]))
}
