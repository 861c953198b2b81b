import { UtcClient } from '@worklane/data/utc-client.ts'

/** Asks the database of a stack, over a connection of its own, as its administrator. */
export async function rowsOf({ env }: { env: Record<string, string> }, text: string, values: unknown[] = []) {
  const client = new UtcClient({ connectionString: env.DATABASE_URL })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}
