import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, type Input, restAsk, send, trpcAsk } from './testing/asks.ts'

/** What means something to LIKE, to a regular expression or to a text search, and one that means nothing. */
const names = ['a%b', 'a_b', String.raw`a\b`, 'a.b', 'axb', 'a*b', "a'b", 'a|b', 'a:b']

const doors = { REST: restAsk, tRPC: trpcAsk } as const
const searching = operationList.filter(({ input }) => 'search' in input.shape)

describe('a search', () => {
  const api = createApi({ origin: 'http://127.0.0.1' })
  let tenant: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
    await asAdministrator(async (client) => {
      for (const [place, name] of names.entries()) {
        const all = [tenant.id, name]
        await client.query(
          `with u as (insert into users (email, name) values ($2 || '@' || $1::text, $2) returning id)
           insert into memberships (org_id, user_id, role) select $1::uuid, id, 'member' from u`,
          all,
        )
        await client.query('insert into labels (org_id, name) values ($1, $2)', all)
        await client.query('insert into projects (org_id, name, key) values ($1, $2, $3)', [
          ...all,
          `K${place}`,
        ])
        await client.query(
          `with o as (insert into organisations (name, slug) values ($2, $2 || $1::text) returning id)
           insert into memberships (org_id, user_id, role) select id, $3, 'owner' from o`,
          [...all, tenant.people.owner.actor.userId],
        )
        await client.query(
          `insert into tasks (org_id, project_id, number, title, position) values ($1, $3, $4, 'snake' || $2 || 'case', $5)`,
          [...all, tenant.project, 100 + place, `b0${place + 1}`],
        )
      }
    })
  })
  afterAll(closeRuntime)

  async function found(asked: (typeof operationList)[number], input: Input, door: keyof typeof doors) {
    const { text } = await send(api, asSession(doors[door](asked, input), tenant.people.owner.token))
    const answer = JSON.parse(text)
    return (door === 'REST' ? answer : answer.result.data).items
  }

  it('is known of every list that has one', () => {
    expect(searching.map(({ name }) => name).sort()).toEqual([
      'label.list',
      'member.list',
      'organisation.list',
      'project.list',
    ])
  })

  const cases = searching.flatMap((asked) =>
    Object.keys(doors).map((door) => [asked.name, door as keyof typeof doors, asked] as const),
  )
  it.each(cases)(
    'by %s over %s finds what holds the characters, and nothing else',
    async (_, door, asked) => {
      const ours = (items: { name: string }[]) =>
        items.map(({ name }) => name).filter((name) => names.includes(name))
      for (const name of names) {
        expect(ours(await found(asked, { search: name }, door)), name).toEqual([name])
        const character = name[1] as string
        expect(ours(await found(asked, { search: character }, door)), character).toEqual(
          names.filter((each) => each.includes(character)),
        )
      }
      for (const none of ['%%', '__', '%_', 'a%%b', '[a-z]', String.raw`\\`]) {
        expect(ours(await found(asked, { search: none }, door)), none).toEqual([])
      }
    },
  )

  const words = operationList.filter(({ name }) => name === 'search.find')
  it.each(Object.keys(doors) as (keyof typeof doors)[])(
    'for words over %s has no wildcards',
    async (door) => {
      const [asked] = words as [(typeof operationList)[number]]
      for (const q of ['%', '_', '*', '%%', String.raw`\ `, 'snak%', 'sn_ke', 'snake%', 'snak*', 'snak:*']) {
        expect(await found(asked, { q }, door), q).toEqual([])
      }
      const titles = (await found(asked, { q: 'snakeaxbcase' }, door)).map(
        ({ taskTitle }: { taskTitle: string }) => taskTitle,
      )
      expect(titles).toEqual(['snakeaxbcase'])
    },
  )
})
