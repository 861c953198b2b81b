import type pg from 'pg'

/**
 * What a database holds, as a digest for each table and one for all that is made around them: columns, indexes,
 * constraints, triggers, functions with their owners, policies, grants to Worklane's groups, sequences. Equal for two
 * databases exactly when a process cannot tell one from the other. The caller must see all rows.
 */
export async function digestOfDatabase(client: pg.Client): Promise<Record<string, string>> {
  const { rows: tables } = await client.query<{ name: string }>(tablesOf)
  const found: Record<string, string> = {}
  for (const { name } of tables) found[name] = await only(client, rowsOf(name))
  found['(schema)'] = await only(client, schemaOf)
  return found
}

async function only(client: pg.Client, question: string): Promise<string> {
  const { rows } = await client.query<{ digest: string }>(question)
  return rows[0]?.digest ?? ''
}

const tablesOf = `
  select quote_ident(relname) as name from pg_class
  where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1`

/** The order is that of the texts: where a row lies says nothing. */
const rowsOf = (table: string) => `
  select count(*) || ' rows ' || md5(coalesce(string_agg(row, '' order by row collate "C"), '')) as digest
  from (select md5(to_jsonb(t)::text) as row from ${table} t) each`

/** Conditions without their brackets: of several in a row Postgres writes fewer once it has read its own words. */
const schemaOf = `
  select md5(string_agg(it, E'\\n' order by it collate "C")) as digest from (
    select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) as it
      from information_schema.columns where table_schema = 'public'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
      from pg_constraint where connamespace = 'public'::regnamespace
    union all select concat_ws(' ', tgrelid::regclass, translate(pg_get_triggerdef(oid), '()', ''), tgenabled)
      from pg_trigger where not tgisinternal
    union all select concat_ws(' ', pg_get_functiondef(oid), pg_get_userbyid(proowner)) from pg_proc p
      where pronamespace = 'public'::regnamespace and prokind = 'f'
        and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
    union all select concat_ws(' ', tablename, policyname, cmd, roles, qual, with_check)
      from pg_policies where schemaname = 'public'
    union all select concat_ws(' ', relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner))
      from pg_class where relkind in ('r', 'p', 'v', 'S') and relnamespace = 'public'::regnamespace
    union all select concat_ws(' ', table_name, grantee, privilege_type) from information_schema.role_table_grants
      where table_schema = 'public' and grantee ~ '^(worklane_[a-z]+|PUBLIC)$'
    union all select concat_ws(' ', table_name, column_name, grantee, privilege_type)
      from information_schema.role_column_grants
      where table_schema = 'public' and grantee ~ '^(worklane_[a-z]+|PUBLIC)$'
    union all select concat_ws(' ', p.oid::regprocedure, grantee::regrole, privilege_type)
      from pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner)))
      where pronamespace = 'public'::regnamespace
        and (grantee = 0 or grantee::regrole::text ~ '^worklane_[a-z]+$')
    union all select concat_ws(' ', sequencename, last_value) from pg_sequences where schemaname = 'public'
    union all select extname from pg_extension
  ) everything`
