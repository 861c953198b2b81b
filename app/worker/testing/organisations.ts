import { uuid } from '@headroom/fixtures/random.ts'
import type Stripe from 'stripe'

/** An organisation with its customer at Stripe, the same in every database that it is written to. */
export type Organisation = { id: string; customer: string; people: string[] }

type Database = { query(text: string): Promise<unknown> }

/**
 * Makes organisations of two to five people, on the plan Free, and their customers at Stripe.
 * @param seed of their ids
 */
export async function createOrganisations(
  stripe: Stripe,
  seed: number,
  count: number,
): Promise<Organisation[]> {
  const organisations: Organisation[] = []
  for (let n = 0; n < count; n++) {
    const id = uuid(seed, n, 0)
    const { id: customer } = await stripe.customers.create({ metadata: { organisation: id } })
    const people = Array.from({ length: 2 + (n % 4) }, (_, person) => uuid(seed, n, 1 + person))
    organisations.push({ id, customer, people })
  }
  return organisations
}

/** Writes them as the administrator. */
export async function writeOrganisations(
  database: Database,
  organisations: readonly Organisation[],
): Promise<void> {
  for (const { id, customer, people } of organisations)
    await database.query(`
      insert into organisations (id, name, slug, plan) values ('${id}', 'Organisation', '${id}', 'free');
      insert into users (id, email, name) select id::uuid, id || '@example.test', 'Person'
        from unnest(array['${people.join("','")}']) as id;
      insert into memberships (org_id, user_id, role) select '${id}', id::uuid, 'member'
        from unnest(array['${people.join("','")}']) as id;
      insert into billing_customers (org_id, stripe_id) values ('${id}', '${customer}')`)
}
