import type pg from 'pg'
import { RefusedConnection } from './refused-connection.ts'

/** The roles that policies and grants name. Nobody signs in as one of them: see roles.ts. */
export type Group =
  | 'worklane_app'
  | 'worklane_auth'
  | 'worklane_relay'
  | 'worklane_intake'
  | 'worklane_operator'

/**
 * Who this is, and what of the tenant tables row-level security would not keep from them. A tenant table has `org_id`,
 * or a policy, or row-level security; it stands in `public`, or wherever this role may reach. Views show what their
 * owner sees, unless they say otherwise.
 */
const question = `
  with powers as (
    select p.oid, p.rolname, p.rolsuper, p.rolbypassrls, p.rolreplication, p.rolcreaterole, p.rolname in (current_user, session_user) as own
    from pg_roles p
    where exists (
      select from pg_roles me
      where me.rolname in (current_user, session_user) and pg_has_role(me.oid, p.oid, 'MEMBER'))
  ), relations as (
    select c.oid::regclass::text as name, c.relkind in ('r', 'p') as is_table, n.nspname = 'public' as is_public,
      c.relowner, c.relrowsecurity, c.relforcerowsecurity,
      coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
        as shows_own,
      has_any_column_privilege(c.oid, 'select, insert, update') or has_table_privilege(c.oid, 'delete, truncate')
        as in_reach
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_.*|information_schema)$'
      and (c.relrowsecurity or exists (select from pg_policy p where p.polrelid = c.oid) or exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))
  ), tenant_tables as (
    select * from relations where is_table and (is_public or in_reach)
  )
  select current_user as name, coalesce(current_schema(), '') as schema,
    (select rolname from powers where rolsuper order by own desc, rolname limit 1) as superuser,
    (select rolname from powers where rolbypassrls order by own desc, rolname limit 1) as bypassing,
    (select rolname from powers where rolreplication or rolcreaterole or rolname in (
      'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_write_all_data')
      order by own desc, rolname limit 1) as mighty,
    (select c.oid::regclass::text from pg_policy p join pg_class c on c.oid = p.polrelid
      where p.polpermissive and p.polcmd <> 'a' and (p.polroles = '{0}' or p.polroles && array(select oid from powers))
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped)
        and pg_get_expr(p.polqual, p.polrelid) not like '%current_org_id()%'
        and exists (select from powers where rolname = 'worklane_app')
      order by 1 limit 1) as open,
    (select name from tenant_tables where relowner in (select oid from powers) order by name limit 1) as owned,
    (select name from tenant_tables where not relrowsecurity order by name limit 1) as unprotected,
    (select name from tenant_tables where not relforcerowsecurity order by name limit 1) as unforced,
    (select name from relations where not is_table and in_reach and not shows_own order by name limit 1) as view,
    (select coalesce(array_agg(rolname::text order by rolname), '{}') from powers
      where rolname in ('worklane_app', 'worklane_auth', 'worklane_relay', 'worklane_intake', 'worklane_operator',
        'worklane_keeper')) as groups`

type Answer = {
  name: string
  schema: string
  superuser: string | null
  bypassing: string | null
  mighty: string | null
  open: string | null
  owned: string | null
  unprotected: string | null
  unforced: string | null
  view: string | null
  groups: string[]
}

/**
 * Asks the server, not the connection string, who a connection is.
 * @param group what it is meant to be
 * @throws RefusedConnection where row-level security does not hold it, or not every tenant table
 */
export async function assertHarmlessRole(
  client: Pick<pg.ClientBase, 'query'>,
  variable: string,
  group: Group,
): Promise<void> {
  const { rows } = await client.query<Answer>(question)
  const [answer] = rows as [Answer]
  const refuse = (problem: string, fix: string) => {
    throw new RefusedConnection(variable, problem, fix)
  }
  const { name, schema, superuser, bypassing, mighty, open, owned, unprotected, unforced, view, groups } =
    answer
  const theRole = `sign in as a role of Worklane’s own, a member of ${group} and of nothing else`
  const signsIn = (other: string, what: string) =>
    other === name
      ? `signs in as ${name}, ${what}`
      : `signs in as ${name}, which can become ${other}, ${what}`
  if (superuser) refuse(signsIn(superuser, 'a superuser, whom row-level security does not hold'), theRole)
  if (bypassing) refuse(signsIn(bypassing, 'which has BYPASSRLS'), theRole)
  if (mighty) refuse(signsIn(mighty, 'which may read or change what row-level security never sees'), theRole)
  if (owned)
    refuse(`signs in as ${name}, the owner of the table ${owned}, who may do anything to it`, theRole)
  if (unprotected)
    refuse(
      `leads to a database whose table ${unprotected} has no row-level security`,
      `alter table ${unprotected} enable row level security, force row level security, and give it a policy`,
    )
  if (unforced)
    refuse(
      `leads to a database whose table ${unforced} does not force row-level security`,
      `alter table ${unforced} force row level security; a seed that was interrupted is to be run again`,
    )
  if (view)
    refuse(
      `leads to a database whose view ${view} shows what its owner sees`,
      `take it from ${name}, or make it with (security_invoker = true)`,
    )
  if (groups.length !== 1 || groups[0] !== group)
    refuse(
      `signs in as ${name}, ${groups.length === 0 ? 'no member' : `a member not only`} of ${group}`,
      theRole,
    )
  if (schema !== 'public')
    refuse(
      'begins in another schema than public',
      'correct the search_path of its role, its database or its options',
    )
  if (open)
    refuse(
      `leads to a database whose table ${open} has a policy that shows more than one organisation’s rows`,
      `drop the policy of ${open} that does not ask for current_org_id()`,
    )
}
