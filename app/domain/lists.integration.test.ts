import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { perform } from './execute.ts'
import { isRead } from './operation.ts'
import { operationList, operations } from './operations.ts'
import { closeRuntime } from './runtime.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

/** More than any list holds. */
const many = 430

const shapeOf = (schema: z.ZodType) => ('shape' in schema ? (schema.shape as Record<string, unknown>) : {})
const lists = operationList.filter(({ output }) => 'items' in shapeOf(output))

describe('a list', () => {
  let tenant: Tenant
  const scale = process.env.RATE_LIMIT_SCALE

  beforeAll(async () => {
    process.env.RATE_LIMIT_SCALE = '20'
    tenant = await createTenant()
    await fill(tenant)
  })
  afterAll(async () => {
    await closeRuntime()
    if (scale === undefined) delete process.env.RATE_LIMIT_SCALE
    else process.env.RATE_LIMIT_SCALE = scale
  })

  type Page = { items: { id: string; name?: string }[]; nextCursor: string | null }
  const page = (name: keyof typeof operations, input: object, as = tenant.people.owner.actor) =>
    perform(operations[name] as never, as, input) as Promise<Page>

  it.each(lists.map((each) => [each.name, each] as const))('%s says where it goes on', (_, each) => {
    expect(isRead(each)).toBe(true)
    expect(Object.keys(shapeOf(each.output))).toContain('nextCursor')
    expect(Object.keys(each.input.shape)).toEqual(expect.arrayContaining(['cursor', 'limit']))
  })

  it.each([
    ['member.list', many + 5],
    ['label.list', many],
    ['project.list', many + 1],
    ['filter.list', many],
    ['invitation.list', many],
    ['apiKey.list', many],
    ['session.list', many + 1],
    ['organisation.list', many + 1],
  ] as const)('%s has every one of very many, once', async (name, all) => {
    const ids: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const { items, nextCursor }: Page = await page(name, { limit: 150, ...(cursor ? { cursor } : {}) })
      ids.push(...items.map(({ id }) => id))
      cursor = nextCursor
      pages++
    } while (cursor !== null && pages < 10)
    expect(ids).toHaveLength(all)
    expect(new Set(ids).size).toBe(all)
    // As it is asked for without a word on its length, it does not pass for the whole.
    const { items, nextCursor } = await page(name, {})
    if (items.length < all) expect(nextCursor).not.toBeNull()
  })

  it.each(['member.list', 'label.list', 'project.list', 'organisation.list'] as const)(
    '%s finds by a part of its name one that its first page does not hold',
    async (name) => {
      const last = `Zz ${many}`
      expect((await page(name, {})).items.map((each) => each.name)).not.toContain(last)
      expect((await page(name, { search: 'zZ 430', limit: 6 })).items).toEqual([
        expect.objectContaining({ name: last }),
      ])
    },
  )

  it.each(['member.list', 'label.list', 'project.list', 'organisation.list'] as const)(
    '%s goes on within what was searched for',
    async (name) => {
      const first = await page(name, { search: 'Zz 4', limit: 20 })
      const second = await page(name, { search: 'Zz 4', limit: 20, cursor: first.nextCursor })
      const third = await page(name, { search: 'Zz 4', limit: 20, cursor: second.nextCursor })
      const names = [first, second, third].flatMap(({ items }) => items.map((each) => each.name))
      // 4, 40 to 49, 400 to 430.
      expect(names).toHaveLength(42)
      expect(new Set(names).size).toBe(42)
      expect(third.nextCursor).toBeNull()
    },
  )

  it.each([
    ['member.get', { memberId: '' }, 'member.list'],
    ['label.get', { labelId: '' }, 'label.list'],
  ] as const)('is not needed to know one: %s', async (get, input, list) => {
    const [one] = (await page(list, { search: `Zz ${many}` })).items
    const [field] = Object.keys(input) as [string]
    const actor = tenant.people.viewer.actor
    expect(await perform(operations[get] as never, actor, { [field]: one?.id })).toEqual(one)
    await expect(perform(operations[get] as never, actor, { [field]: randomUUID() })).rejects.toThrow(
      /There is no such/,
    )
  })

  it('of organisations tells a key its own, wherever it would stand', async () => {
    const key = { id: randomUUID(), scopes: ['*:read'] }
    const actor = { ...tenant.people.owner.actor, key } as never
    expect((await page('organisation.list', { limit: 1 }, actor)).items.map(({ id }) => id)).toEqual([
      tenant.id,
    ])
  })

  it.each(['member.list', 'label.list', 'project.list', 'filter.list', 'organisation.list'] as const)(
    '%s refuses a cursor that it never gave',
    async (name) => {
      const answer = page(name, { cursor: randomUUID() })
      if (name === 'member.list') expect((await answer).items.length).toBeLessThanOrEqual(200)
      else await expect(answer).rejects.toThrow(/cursor: must be the nextCursor of an earlier page/)
    },
  )
})

/** Very many of everything, the owner's where it is a person's. "Zz" has them stand last. */
async function fill(tenant: Tenant): Promise<void> {
  const owner = tenant.people.owner.actor.userId
  const statements = [
    `with u as (
       insert into users (email, name) select 'zz' || n || '@' || $1 || '.test', 'Zz ' || n from generate_series(1, ${many}) n
       returning id)
     insert into memberships (org_id, user_id, role) select $1::uuid, id, 'member' from u`,
    `insert into labels (org_id, name) select $1::uuid, 'Zz ' || n from generate_series(1, ${many}) n`,
    `insert into projects (org_id, key, name) select $1::uuid, 'ZZ' || n, 'Zz ' || n from generate_series(1, ${many}) n`,
    `insert into saved_filters (org_id, user_id, name, query)
     select $1::uuid, '${owner}', 'Zz ' || n, '{}' from generate_series(1, ${many}) n`,
    `insert into invitations (org_id, email, role, token_hash, expires_at)
     select $1::uuid, 'zz' || n || '@' || $1 || '.test', 'viewer', $1 || n, now() + interval '1 day'
     from generate_series(1, ${many}) n`,
    `insert into api_keys (org_id, name, prefix, key_hash, scopes, created_by, expires_at)
     select $1::uuid, 'Zz ' || n, 'wl_', $1 || n, array['*:read'], '${owner}', now() + interval '1 day'
     from generate_series(1, ${many}) n`,
    // Several of one millisecond.
    `insert into sessions (token_hash, user_id, active_org_id, expires_at, last_seen_at)
     select $1 || n, '${owner}', $1::uuid, now() + interval '1 day', now() - n * interval '100 microseconds'
     from generate_series(1, ${many}) n`,
    `with o as (
       insert into organisations (name, slug) select 'Zz ' || n, $1 || n from generate_series(1, ${many}) n returning id)
     insert into memberships (org_id, user_id, role) select o.id, '${owner}', 'owner' from o where $1 <> ''`,
  ]
  await asAdministrator(async (client) => {
    for (const statement of statements) await client.query(statement.replaceAll('$1', `'${tenant.id}'`))
  })
}
