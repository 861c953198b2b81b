import { z } from 'zod'
import { Plan, Role } from '../actor.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'

export const Me = z
  .object({
    user: z.object({ id: Id, name: z.string(), email: z.string() }),
    organisation: z.object({ id: Id, name: z.string(), slug: z.string(), canary: z.string() }),
    role: Role,
    plan: Plan,
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof Me>

export const getMe = operation({
  name: 'me.get',
  rest: 'GET /v1/me',
  summary: 'Who you are, and in which organisation',
  allow: 'viewer',
  input: z.strictObject({}),
  output: Me,
  async run(actor) {
    const rows = await work(actor).read(
      (db) => db.$queryRaw<Pick<Me, 'user' | 'organisation'>[]>`
        select jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email) as user,
               jsonb_build_object('id', o.id, 'name', o.name, 'slug', o.slug, 'canary', o.canary) as organisation
        from organisations o, users u
        where o.id = (select current_org_id()) and u.id = ${actor.userId}::uuid`,
    )
    const row = rows[0]
    if (!row) throw notFound('user')
    return { ...row, role: actor.role, plan: actor.plan }
  },
})
