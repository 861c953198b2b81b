import type pg from 'pg'

type Uploads = {
  table: 'files' | 'picture_uploads'
  /** A condition: there, and neither checked nor refused. */
  isWaiting: string
  /** Of the check's job, and what its payload calls the upload. */
  topic: string
  named: string
}

/**
 * It is asked for after two hours, four, eight, and so on for five days; after ten it is broken. An outage of the object
 * store is shorter, and until then a job that cannot end costs each hour less.
 */
const mostAsked = 7
const isLongAgo = "uploaded_at < now() - interval '2 hours' * power(2, asked_again)"

/** Has uploads looked at again that wait for their check for longer than any queue keeps it, and gives up on old ones. */
export async function askAgain(pool: pg.Pool, { table, isWaiting, topic, named }: Uploads): Promise<void> {
  const isDue = `${isWaiting} and ${isLongAgo}`
  await pool.query(`update ${table} set refused = 'broken' where ${isDue} and asked_again >= ${mostAsked}`)
  await pool.query(`
    with asked as (
      update ${table} set asked_again = asked_again + 1 where ${isDue} and asked_again < ${mostAsked} returning org_id, id)
    insert into outbox (org_id, topic, payload)
    select org_id, '${topic}', jsonb_build_object('${named}', id) from asked`)
}
