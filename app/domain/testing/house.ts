import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { newToken, tokenHash } from '../sessions/token.ts'
import type { Things } from './things.ts'

/** A small organisation with one of everything, whose people are signed in. */
export type House = Things & {
  id: string
  /** Session tokens. */
  owner: string
  admin: string
  member: string
  /** The member's id is `memberId`. */
  ownerId: string
  adminId: string
}

/**
 * Makes a house in one statement, so that a test can have hundreds. What belongs to a person is the owner's.
 * @param client the administrator's connection
 */
export async function makeHouse(client: pg.Client | pg.Pool): Promise<House> {
  const [owner, admin, member] = [newToken(), newToken(), newToken()]
  const name = randomUUID()
  const { rows } = await client.query(insertHouse, [
    name,
    tokenHash(owner),
    tokenHash(admin),
    tokenHash(member),
  ])
  return {
    ...rows[0],
    owner,
    admin,
    member,
    slug: name,
    email: `owner@${name}.test`,
    key: '',
    expiredKey: '',
  }
}

const insertHouse = `
with org as (insert into organisations (name, slug, plan) values ($1, $1, 'business') returning id),
people as (
  insert into users (email, name, email_verified)
  select role || '@' || $1 || '.test', role, now() from unnest(array['owner', 'admin', 'member']) as role
  returning id, name),
owner as (select id from people where name = 'owner'),
joined as (insert into memberships (org_id, user_id, role) select org.id, people.id, people.name::role from org, people),
signed_in as (
  insert into sessions (token_hash, user_id, active_org_id, expires_at)
  select case people.name when 'owner' then $2 when 'admin' then $3 else $4 end, people.id, org.id,
    now() + interval '1 day' from org, people
  returning id, user_id),
project as (
  insert into projects (org_id, key, name, next_number) select id, 'ATL', 'Atlas', 2 from org returning id),
task as (
  insert into tasks (org_id, project_id, number, title, position)
  select org.id, project.id, 1, 'First', 'a0' from org, project returning id),
label as (insert into labels (org_id, name) select id, 'First' from org returning id),
labelled as (
  insert into task_labels (org_id, task_id, label_id) select org.id, task.id, label.id from org, task, label),
comment as (
  insert into comments (org_id, task_id, author_id, body)
  select org.id, task.id, owner.id, 'Said' from org, task, owner returning id),
file as (
  insert into files (org_id, task_id, created_by, name, type, size, upload_until, uploaded_at, ready_at)
  select org.id, task.id, owner.id, 'first.png', 'image/png', 1000, now(), now(), now() from org, task, owner returning id),
upload as (
  insert into files (org_id, task_id, created_by, name, type, size, upload_until)
  select org.id, task.id, owner.id, 'first.zip', 'application/zip', 20971520, now() + interval '1 day'
  from org, task, owner returning id),
export as (
  insert into exports (org_id, kind, format, state, created_by, run, expires_at)
  select org.id, 'tasks', 'csv', 'ready', owner.id, gen_random_uuid(), now() + interval '1 day' from org, owner
  returning id),
import as (
  insert into imports (org_id, name, state, created_by, rows_total)
  select org.id, 'first.csv', 'checked', owner.id, 0 from org, owner returning id),
filter as (
  insert into saved_filters (org_id, user_id, name, query) select org.id, owner.id, 'Mine', '{}' from org, owner returning id),
notification as (
  insert into notifications (org_id, user_id, outbox_id, kind, task_id)
  select org.id, owner.id, gen_random_uuid(), 'mentioned', task.id from org, owner, task returning id),
invitation as (
  insert into invitations (org_id, email, role, token_hash, invited_by, expires_at)
  select org.id, 'new@' || $1 || '.test', 'member', 'invitation ' || $1, owner.id, now() + interval '1 day'
  from org, owner returning id),
api_key as (
  insert into api_keys (org_id, name, prefix, key_hash, scopes, created_by, expires_at)
  select org.id, 'Key', 'wl_', 'key ' || $1, array['*:read'], owner.id, now() + interval '1 day' from org, owner
  returning id),
webhook as (
  insert into webhook_endpoints (org_id, url, events, secret, created_by)
  select org.id, 'https://hooks.example.test/' || $1, array['task.created'], 'sealed', owner.id from org, owner
  returning id),
event as (
  insert into webhook_events (org_id, id, type, body) select id, gen_random_uuid(), 'task.created', '{}' from org
  returning id),
delivery as (
  insert into webhook_deliveries (org_id, event_id, endpoint_id, state)
  select org.id, event.id, webhook.id, 'failed' from org, event, webhook returning id)
select org.id, project.id as "projectId", task.id as "taskId", label.id as "labelId", comment.id as "commentId",
  file.id as "fileId", upload.id as "uploadId", export.id as "exportId", import.id as "importId", filter.id as "filterId", notification.id as "notificationId", invitation.id as "invitationId",
  api_key.id as "apiKeyId", webhook.id as "webhookId", delivery.id as "deliveryId", owner.id as "ownerId",
  (select id from people where name = 'admin') as "adminId",
  (select id from people where name = 'member') as "memberId",
  (select s.id from signed_in s where s.user_id = owner.id) as "sessionId"
from org, project, task, label, comment, file, upload, export, import, filter, notification, invitation,
  api_key, webhook, delivery, owner`
