import { UtcClient } from '@worklane/data/utc-client.ts'
import { type Stack, startStack } from '../stack/stack.ts'

/** Where nobody of us is: half an hour off, with clocks that change, and not the zone of the tests' processes. */
const zone = 'America/St_Johns'

/**
 * Starts the Postgres and Redis that every integration test shares; their URLs are in the environment. The object store
 * is never the user's: the tests fill and empty it.
 */
export async function setup(): Promise<() => Promise<void>> {
  const isOurs = process.env.DATABASE_URL === undefined
  const stack = await startStack({ parts: ['postgres', 'redis', 'store'], storeOfItsOwn: true })
  if (isOurs) await moveElsewhere(stack)
  // A busy machine is slow, and no store of limits that is away.
  Object.assign(process.env, stack.env, { RATE_LIMIT_PATIENCE_MS: '10000' })
  return () => stack.stop()
}

/** Gives the database, and every role in it, another zone than UTC; only what a connection asks for stands above that. */
async function moveElsewhere({ env }: Stack): Promise<void> {
  const client = new UtcClient({ connectionString: env.DATABASE_URL })
  await client.connect()
  try {
    await client.query(`do $$
      declare role name;
      begin
        execute format('alter database %I set timezone = %L', current_database(), '${zone}');
        for role in select rolname from pg_roles where rolname like 'worklane\\_%' or rolname = current_user loop
          execute format('alter role %I in database %I set timezone = %L', role, current_database(), '${zone}');
        end loop;
      end $$`)
  } finally {
    await client.end()
  }
}
