import { z } from 'zod'
import { Role } from '../actor.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'

export const listMembers = operation({
  name: 'member.list',
  rest: 'GET /v1/members',
  summary: 'The people of your organisation',
  allow: 'viewer',
  input: z.strictObject({ cursor: Id.optional(), limit: z.number().int().min(1).max(200).default(100) }),
  output: z.object({
    items: z.array(z.object({ id: Id, name: z.string(), email: z.string(), role: Role })),
    nextCursor: z.string().nullable(),
  }),
  async run(actor, { cursor, limit }) {
    const rows = await work(actor).read((db) =>
      db.membership.findMany({
        relationLoadStrategy: 'join',
        where: cursor ? { userId: { gt: cursor } } : {},
        orderBy: { userId: 'asc' },
        take: limit + 1,
        select: { role: true, user: { select: { id: true, name: true, email: true } } },
      }),
    )
    const last = rows.length > limit ? rows[limit - 1] : undefined
    return {
      items: rows.slice(0, limit).map(({ role, user }) => ({ ...user, role })),
      nextCursor: last?.user.id ?? null,
    }
  },
})
