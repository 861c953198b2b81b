import { afterAll, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { closeRuntime } from '../runtime.ts'
import { asAdministrator, createTenant } from '../testing/tenants.ts'
import { exportMe } from './export.ts'

afterAll(closeRuntime)

it('a person exports all that they were told, be it more than a call may have arguments', async () => {
  const tenant = await createTenant()
  const { actor } = tenant.people.viewer
  await asAdministrator((client) =>
    client.query(
      `insert into notifications (org_id, user_id, outbox_id, kind)
       select $1, $2, gen_random_uuid(), 'assigned' from generate_series(1, 150000)`,
      [tenant.id, actor.userId],
    ),
  )
  expect((await execute(exportMe, actor, {})).notifications).toHaveLength(150_000)
})
