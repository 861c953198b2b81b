import { z } from 'zod'
import { account } from '../accounts/transaction.ts'
import { afterwards, forgetIn } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { accessChanged } from '../live/channel.ts'
import { operation } from '../operation.ts'
import { endSessionsOf } from '../sessions/sessions.ts'
import { personTags } from '../tags.ts'
import { eventTopic, isWanted } from '../webhooks/events.ts'

export const removeMe = operation({
  name: 'me.remove',
  rest: 'POST /v1/me/remove',
  summary: 'Removes your account, for good, with the organisations that have nobody else',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  locks: 'own organisations',
  // It leaves its entries in the organisations that go on; the one that asks may be gone.
  audited: false,
  input: z.strictObject({ confirm: z.string().max(200).meta({ description: 'Your e-mail address' }) }),
  output: z.strictObject({}),
  async run({ userId }, { confirm }) {
    const { rows } = await account().query('select email from users where id = $1 for update', [userId])
    if (!rows[0]) throw notFound('user')
    if (confirm.toLowerCase() !== rows[0].email.toLowerCase())
      throw invalidField('confirm', 'must be your e-mail address')
    const owned = await account().query(
      `select o.name from memberships m join organisations o on o.id = m.org_id
       where m.user_id = $1 and m.role = 'owner'
         and exists (select from memberships x where x.org_id = m.org_id and x.user_id <> $1)
         and not exists (select from memberships x where x.org_id = m.org_id and x.user_id <> $1 and x.role = 'owner')`,
      [userId],
    )
    if (owned.rows[0]) {
      throw new Problem('conflict', `You own ${owned.rows[0].name}: transfer it to another member first.`)
    }
    await endSessionsOf(userId)
    const organisations = await account().query('select org_id from memberships where user_id = $1', [userId])
    for (const { org_id } of organisations.rows) forgetIn(org_id, ...personTags(userId))
    await account().query('delete from invitations where invited_by = $1', [userId])
    await account().query(
      `delete from organisations o where exists (select from memberships m where m.org_id = o.id and m.user_id = $1)
         and not exists (select from memberships m where m.org_id = o.id and m.user_id <> $1)`,
      [userId],
    )
    await account().query(leaveWord, [userId, new Date().toISOString()])
    await account().query('delete from users where id = $1', [userId])
    // Streams that an API key of theirs holds.
    afterwards(() => accessChanged([{ user: userId }]))
    return {}
  },
})

/** In every organisation that goes on: an entry in its log, and a word to its webhooks. */
const leaveWord = `
  with left_behind as (
    select org_id, user_id, role from memberships where user_id = $1
  ), entries as (
    insert into audit_log (org_id, actor_id, operation, target, before)
    select org_id, user_id, 'me.remove', 'member ' || user_id, jsonb_build_object('role', role) from left_behind
  )
  insert into outbox (org_id, topic, payload)
  select org_id, '${eventTopic}', jsonb_build_object('type', 'member.left', 'timestamp', $2::text,
    'data', jsonb_build_object('actorId', user_id, 'member', jsonb_build_object('id', user_id, 'role', role)))
  from left_behind where ${isWanted('left_behind.org_id', "'member.left'")}`
