import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { type Actor, atLeast, Role } from '../actor.ts'
import { aroundCommit, emit, forget, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { keptWhole, listSize, pageOf, pageOfItems } from '../paging.ts'
import { personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { refreshSessionsOf } from '../sessions/sessions.ts'
import { tags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { containing, line } from '../text.ts'

export const Member = z
  .object({ id: Id, name: z.string(), email: z.string(), role: Role, avatar: z.url().nullable() })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof Member>

const columns = { role: true, user: { select: { id: true, name: true, email: true, avatar: true } } } as const
const memberOf = ({ role, user }: { role: Role; user: Omit<Member, 'role'> }): Member => ({
  ...personOf(user),
  role,
})

export const listMembers = operation({
  name: 'member.list',
  rest: 'GET /v1/members',
  summary: 'The people of your organisation',
  allow: 'viewer',
  input: z.strictObject({
    /** Somewhere in a name or an address. */
    search: line(80).optional(),
    cursor: Id.optional(),
    limit: listSize.default(100),
  }),
  output: pageOfItems(Member),
  cache: keptWhole(tags.members),
  async run(actor, { search, cursor, limit }) {
    const found = containing(search ?? '')
    const rows = await tenantDb(actor).read((db) =>
      db.membership.findMany({
        relationLoadStrategy: 'join',
        where: {
          ...(cursor ? { userId: { gt: cursor } } : {}),
          ...(search ? { user: { OR: [{ name: found }, { email: found }] } } : {}),
        },
        orderBy: { userId: 'asc' },
        take: limit + 1,
        select: columns,
      }),
    )
    return pageOf(rows, limit, memberOf, ({ user }) => user.id)
  },
})

export const getMember = operation({
  name: 'member.get',
  rest: 'GET /v1/members/:memberId',
  summary: 'One person of your organisation',
  allow: 'viewer',
  input: z.strictObject({ memberId: Id }),
  output: Member,
  cache: { tags: () => [tags.members], shared: true, seconds: 300 },
  async run(actor, { memberId }) {
    const row = await tenantDb(actor).read((db) =>
      db.membership.findFirst({
        relationLoadStrategy: 'join',
        where: { userId: memberId },
        select: columns,
      }),
    )
    if (!row) throw notFound('member')
    return memberOf(row)
  },
})

export const setRole = operation({
  name: 'member.setRole',
  rest: 'PATCH /v1/members/:memberId',
  summary: 'Gives a member another role, up to your own',
  allow: 'admin',
  peopleOnly: true,
  locks: 'organisation',
  input: z.strictObject({ memberId: Id, role: Role }),
  output: Member,
  run: (actor, { memberId, role }) =>
    tenantDb(actor).transaction(async (tx) => {
      if (role === 'owner') throw invalidField('role', 'must not be owner: ownership is transferred')
      const before = await below(tx, actor, memberId)
      await tx.membership.updateMany({ where: { userId: memberId }, data: { role } })
      record(`member ${memberId}`, { role: before.role }, { role })
      forget(tags.members)
      aroundCommit(() => refreshSessionsOf([memberId]))
      return { ...before, role }
    }),
})

export const removeMember = operation({
  name: 'member.remove',
  rest: 'DELETE /v1/members/:memberId',
  summary: 'Removes a person from your organisation; their next request there is refused',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  locks: 'organisation',
  input: z.strictObject({ memberId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { memberId }) =>
    tenantDb(actor).transaction(async (tx) => {
      if (memberId === actor.userId)
        throw invalidField('memberId', 'must be somebody else: to go yourself, leave the organisation')
      const before = await below(tx, actor, memberId)
      await takeOut(tx, actor, memberId, before.role)
      return { id: memberId }
    }),
})

/** Ends a membership as part of the write that runs: their keys go with it, and their tasks are nobody's. */
export async function takeOut(tx: Transaction, actor: Actor, memberId: string, role: Role): Promise<void> {
  await tx.membership.deleteMany({ where: { userId: memberId } })
  record(`member ${memberId}`, { role }, null)
  emit(actor, 'member.left', { actorId: actor.userId, member: { id: memberId, role } })
  forget(tags.members, tags.organisation, tags.tasks, tags.work)
  aroundCommit(() => refreshSessionsOf([memberId]))
}

/** A member whom the actor may change: nobody changes who stands above them, nor the owner. */
async function below(tx: Transaction, actor: Actor, memberId: string): Promise<Member> {
  const row = await tx.membership.findFirst({ where: { userId: memberId }, select: columns })
  if (!row) throw notFound('member')
  if (row.role === 'owner') {
    throw new Problem('forbidden', 'The owner stays until the ownership is transferred.')
  }
  if (!atLeast(actor.role, row.role)) throw new Problem('forbidden', 'Their role is above yours.')
  return memberOf(row)
}
