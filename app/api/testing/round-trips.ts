import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { runtime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { perform } from '../../domain/execute.ts'

/** What a call costs the database: messages that wait for an answer, and the statements in them. */
export type Cost = { roundTrips: number; queries: number }

/** A tenant whose every list has so many rows. */
export type House = { tenant: Tenant; things: Things }

/** A new picture ends the one that is on its way, which others need before. */
const endsPictures = /^(avatar|logo)\.upload$/

/** What ends the house is not asked here, and neither is what asks Stripe. */
export const lasting = operationList
  .filter(
    ({ name, reads, writes }) =>
      reads !== 'elsewhere' &&
      writes !== 'elsewhere' &&
      !/^(me\.remove|me\.export|organisation\.(remove|leave|transfer|export)|session\.revoke|project\.remove|task\.remove|comment\.remove|label\.remove|member\.remove|webhook\.remove)/.test(
        name,
      ),
  )
  .toSorted((one, other) => Number(endsPictures.test(one.name)) - Number(endsPictures.test(other.name)))

export async function createHouse(rows: number): Promise<House> {
  watchAccounts()
  const tenant = await createTenant()
  const things = await furnish(tenant)
  // It has more of everything than smaller plans allow.
  await asAdministrator((client) =>
    client.query("update organisations set plan = 'business' where id = $1", [tenant.id]),
  )
  await fill(tenant, things, rows)
  return { tenant, things }
}

/** The cost of one call whose answer is not kept before. Calls must not overlap. */
export async function costOf(asked: AnyOperation, { tenant, things }: House): Promise<Cost> {
  const { cache: _, ...uncached } = asked
  const before = counted()
  await perform(uncached as AnyOperation, tenant.people.owner.actor, sampleInput(asked, things))
  const after = counted()
  return { roundTrips: after.roundTrips - before.roundTrips, queries: after.queries - before.queries }
}

const accounts: Cost & { watched: boolean } = { roundTrips: 0, queries: 0, watched: false }

/** Counts what the pool of sessions and accounts sends; to be called before it has a connection. */
function watchAccounts(): void {
  if (accounts.watched) return
  accounts.watched = true
  for (const pool of [runtime().auth, runtime().accounts])
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown
      client.query = ((...args: [string | { text: string }, ...unknown[]]) => {
        const text = typeof args[0] === 'string' ? args[0] : args[0].text
        accounts.roundTrips++
        if (!/^(begin|commit|rollback)/i.test(text)) accounts.queries++
        return query(...args)
      }) as typeof client.query
    })
}

function counted(): Cost {
  const { roundTrips, queries } = runtime().database.pool
  return { roundTrips: roundTrips + accounts.roundTrips, queries: queries + accounts.queries }
}

/** Fills every list that an operation could read. */
async function fill(tenant: Tenant, things: Things, rows: number): Promise<void> {
  await asAdministrator(async (client) => {
    const statements = [
      `insert into tasks (org_id, project_id, number, title, position, assignee_id, due_on)
       select $1, '${tenant.project}', n + 1000, 'First of ' || n, 'd' || lpad(n::text, 4, '0'), '${tenant.people.owner.actor.userId}', current_date
       from generate_series(1, ${rows}) n`,
      `insert into labels (org_id, name) select $1, 'Label ' || n from generate_series(1, ${rows}) n`,
      `insert into task_labels (org_id, task_id, label_id)
       select t.org_id, t.id, l.id from tasks t cross join lateral
         (select id from labels l where l.org_id = t.org_id order by name limit 3) l
       where t.org_id = $1 on conflict do nothing`,
      `insert into comments (org_id, task_id, author_id, body)
       select $1, '${tenant.task}', '${tenant.people.owner.actor.userId}', 'First ' || n from generate_series(1, ${rows}) n`,
      `insert into projects (org_id, key, name) select $1, 'P' || n, 'Project ' || n from generate_series(1, ${rows}) n`,
      `insert into notifications (org_id, user_id, outbox_id, kind, task_id)
       select $1, '${tenant.people.owner.actor.userId}', gen_random_uuid(), 'commented', '${tenant.task}' from generate_series(1, ${rows}) n`,
      `insert into webhook_endpoints (org_id, url, events, secret)
       select $1, 'https://hooks.example.test/' || n, array['task.created'], 'sealed' from generate_series(1, least(${rows}, 8)) n`,
      `with events as (insert into webhook_events (org_id, id, type, body)
         select $1, gen_random_uuid(), 'task.created', '{}' from generate_series(1, ${rows}) n returning id)
       insert into webhook_deliveries (org_id, event_id, endpoint_id, state)
       select $1, events.id, '${things.webhookId}', 'failed' from events`,
      `insert into webhook_attempts (org_id, delivery_id, number, at, duration_ms)
       select $1, '${things.deliveryId}', n + 1, now(), 1 from generate_series(1, ${rows}) n`,
      `insert into audit_log (org_id, operation, target) select $1, 'test', n::text from generate_series(1, ${rows}) n`,
      `insert into activity (org_id, outbox_id, task_id, task_key, task_title, kind)
       select $1, gen_random_uuid(), '${tenant.task}', 'ATL-1', 'x', 'updated' from generate_series(1, ${rows}) n`,
    ]
    for (const statement of statements) await client.query(statement.replaceAll('$1', `'${tenant.id}'::uuid`))
  })
}
