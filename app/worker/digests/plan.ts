import { digestTopic } from '@worklane/domain/digests/frequency.ts'
import type pg from 'pg'

const page = 500
/** So long it is known that a digest was made; a period never comes back. Days. */
const keptDays = 60

/**
 * Makes the digests that are due: each with its row of the outbox, and moved on to its next morning, in one statement.
 * Whatever crashes, a person gets one for an organisation and a period, and several workers share the work. One that
 * was missed for days is made once.
 * @param options.most at once
 * @param options.now by which it is due; the database's clock, unless a test says otherwise
 * @returns how many were made
 */
export async function planDigests(
  pool: pg.Pool,
  { most = page, now = null }: { most?: number; now?: Date | null } = {},
): Promise<number> {
  let made = 0
  for (;;) {
    const { rows } = await pool.query<{ taken: number; made: number }>({
      name: 'plan-digests',
      text: plan,
      values: [most, digestTopic, now],
    })
    made += rows[0]?.made ?? 0
    if ((rows[0]?.taken ?? 0) < most) break
  }
  await pool.query('delete from digest_mails where made_at < now() - make_interval(days => $1)', [keptDays])
  return made
}

const plan = `
  with due as (
    select d.org_id, d.user_id, d.every, o.time_zone, (d.due_at at time zone o.time_zone)::date as period
    from digests d join organisations o on o.id = d.org_id
    where d.due_at <= coalesce($3, now()) order by d.due_at limit $1 for update of d skip locked
  ), moved as (
    update digests d set due_at = next_digest(due.every, due.time_zone, coalesce($3, now()))
    from due where d.org_id = due.org_id and d.user_id = due.user_id
  ), fresh as (
    insert into digest_mails (org_id, user_id, period) select org_id, user_id, period from due
    on conflict do nothing returning org_id, user_id, period
  ), told as (
    insert into outbox (org_id, topic, payload)
    select org_id, $2, jsonb_build_object('userId', user_id, 'period', period) from fresh
    returning 1
  )
  select (select count(*)::int from due) as taken, (select count(*)::int from told) as made`
