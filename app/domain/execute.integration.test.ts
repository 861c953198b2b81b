import { afterAll, expect, it } from 'vitest'
import { z } from 'zod'
import { record } from './effects.ts'
import { execute } from './execute.ts'
import { operation } from './operation.ts'
import { closeRuntime, tenantDb } from './runtime.ts'
import { createTenant } from './testing/tenants.ts'

afterAll(closeRuntime)

it('a write is prepared outside of its transaction, and runs with what came of that', async () => {
  const { member } = (await createTenant()).people
  /** When what is asked belongs to began: the same moment for all of one transaction. */
  const began = async () => {
    const [{ at }] = await tenantDb(member.actor).read(
      (db) => db.$queryRaw<[{ at: string }]>`select now()::text as at`,
    )
    return at
  }
  const twice = operation({
    name: 'test.twice',
    rest: 'POST /v1/twice',
    summary: 'Looks at the time twice, before and within its transaction',
    allow: 'member',
    input: z.strictObject({}),
    output: z.object({ before: z.array(z.string()), within: z.array(z.string()) }),
    prepare: async () => [await began(), await began()],
    async run(_actor, _input, _key, before) {
      record('a test', null, null)
      return { before, within: [await began(), await began()] }
    },
  })
  const { before, within } = await execute(twice, member.actor, {})
  expect(new Set(before).size).toBe(2)
  expect(new Set(within).size).toBe(1)
})
