import { z } from 'zod'
import { foundOrganisation, organisationName } from '../accounts/organisations.ts'
import { Plan, Role } from '../actor.ts'
import { aroundCommit, forget, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { takeOut } from '../members/operations.ts'
import { operation } from '../operation.ts'
import { nameAndId, nameCursorOf, pageOf, pageOfItems, SearchByName } from '../paging.ts'
import { runtime, tenantDb } from '../runtime.ts'
import { refreshSessionsOf } from '../sessions/sessions.ts'
import { tags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { likeLiteral } from '../text.ts'
import { knownToPostgres, TimeZone } from './time-zone.ts'

export const OrganisationSummary = z
  .object({ id: Id, name: z.string(), slug: z.string(), plan: Plan, role: Role, current: z.boolean() })
  .meta({ id: 'OrganisationSummary' })
export type OrganisationSummary = z.infer<typeof OrganisationSummary>

const Organisation = z
  .object({
    id: Id,
    name: z.string(),
    slug: z.string(),
    plan: Plan,
    /** Where its days and weeks begin. */
    timeZone: TimeZone,
    members: z.number().int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Organisation' })

const ownOrganisations = {
  name: 'own_organisations',
  text: `select o.id, o.name, o.slug, o.plan, m.role, o.id = $2 as current
         from memberships m join organisations o on o.id = m.org_id
         where m.user_id = $1 and (o.id = $2 or not $3::boolean) and o.name ilike $4
           and ($5::text is null or (o.name, o.id) > ($5, $6::uuid))
         order by o.name, o.id limit $7`,
}

export const listOrganisations = operation({
  name: 'organisation.list',
  rest: 'GET /v1/organisations',
  summary: 'The organisations that you belong to, by name',
  allow: 'viewer',
  input: SearchByName,
  output: pageOfItems(OrganisationSummary),
  async run({ userId, orgId, key }, { search = '', cursor, limit }) {
    const { name, id } = cursor ? nameAndId(cursor) : { name: null, id: null }
    // Across tenants by nature: the rows are the caller's own memberships, read by the role that may.
    const { rows } = await runtime().auth.query<OrganisationSummary>({
      ...ownOrganisations,
      // A key belongs to one organisation, and tells nothing of the others.
      values: [userId, orgId, key !== null, `%${likeLiteral(search)}%`, name, id, limit + 1],
    })
    return pageOf(rows, limit, (row) => row, nameCursorOf)
  },
})

export const createOrganisation = operation({
  name: 'organisation.create',
  rest: 'POST /v1/organisations',
  summary: 'Starts another organisation, with you as its owner',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  // It leaves its entry in the log of the new organisation, not of the one that asks.
  audited: false,
  input: z.strictObject({ name: organisationName }),
  output: z.object({ id: Id, name: z.string(), slug: z.string() }),
  run: ({ userId }, { name }) => foundOrganisation(userId, name),
})

const current = (actor: { orgId: string }) => ({ where: { id: actor.orgId } })
const columns = { id: true, name: true, slug: true, plan: true, timeZone: true, createdAt: true } as const

export const getOrganisation = operation({
  name: 'organisation.get',
  rest: 'GET /v1/organisation',
  summary: 'The organisation that you work in',
  allow: 'viewer',
  input: z.strictObject({}),
  output: Organisation,
  cache: { tags: () => [tags.organisation, tags.members], shared: true, seconds: 300 },
  run: (actor) =>
    tenantDb(actor).read(async (db) => {
      const [row, members] = await Promise.all([
        db.organisation.findFirst({ ...current(actor), select: columns }),
        db.membership.count(),
      ])
      if (!row) throw notFound('organisation')
      return { ...row, createdAt: row.createdAt.toISOString(), members }
    }),
})

export const updateOrganisation = operation({
  name: 'organisation.update',
  rest: 'PATCH /v1/organisation',
  summary: 'Changes the name of your organisation, or where its days and weeks begin',
  allow: 'admin',
  input: z.strictObject({ name: organisationName.optional(), timeZone: TimeZone.optional() }),
  output: Organisation,
  run: (actor, { name, timeZone }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.organisation.findFirst({ ...current(actor), select: columns })
      if (!before) throw notFound('organisation')
      const data = {
        ...(name === undefined ? {} : { name }),
        ...(timeZone === undefined ? {} : { timeZone: await knownToPostgres(tx, timeZone) }),
      }
      const row = await tx.organisation.update({ ...current(actor), data, select: columns })
      if (row.timeZone !== before.timeZone) await tx.$executeRawUnsafe(moveDigests, row.id, row.timeZone)
      const changeable = (of: typeof row) => ({ name: of.name, timeZone: of.timeZone })
      record(`organisation ${row.id}`, changeable(before), changeable(row))
      forget(tags.organisation)
      return { ...row, createdAt: row.createdAt.toISOString(), members: await tx.membership.count() }
    }),
})

/** Mails of the morning come in that of the new zone. */
const moveDigests = `
  update digests set due_at = next_digest(every, $2, now()) where org_id = $1::uuid and every <> 'off'`

export const transferOrganisation = operation({
  name: 'organisation.transfer',
  rest: 'POST /v1/organisation/transfer',
  summary: 'Makes another member the owner, and you an admin',
  allow: 'owner',
  evenReadOnly: true,
  peopleOnly: true,
  locks: 'organisation',
  input: z.strictObject({ memberId: Id }),
  output: z.strictObject({}),
  run: (actor, { memberId }) =>
    tenantDb(actor).transaction(async (tx) => {
      if (memberId === actor.userId) throw invalidField('memberId', 'must be somebody else')
      const heir = await tx.membership.findFirst({ where: { userId: memberId }, select: { role: true } })
      if (!heir) throw notFound('member')
      await tx.membership.updateMany({ where: { userId: actor.userId }, data: { role: 'admin' } })
      await tx.membership.updateMany({ where: { userId: memberId }, data: { role: 'owner' } })
      record(`member ${memberId}`, { role: heir.role }, { role: 'owner' })
      record(`member ${actor.userId}`, { role: 'owner' }, { role: 'admin' })
      forget(tags.members)
      aroundCommit(() => refreshSessionsOf([memberId, actor.userId]))
      return {}
    }),
})

export const leaveOrganisation = operation({
  name: 'organisation.leave',
  rest: 'POST /v1/organisation/leave',
  summary: 'Ends your membership',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  locks: 'organisation',
  input: z.strictObject({}),
  output: z.strictObject({}),
  run: (actor) =>
    tenantDb(actor).transaction(async (tx) => {
      const owners = await tx.membership.count({ where: { role: 'owner' } })
      if (actor.role === 'owner' && owners === 1) {
        throw new Problem(
          'conflict',
          'You are the owner: transfer the ownership first, or remove the organisation.',
        )
      }
      await takeOut(tx, actor, actor.userId, actor.role)
      return {}
    }),
})

export const removeOrganisation = operation({
  name: 'organisation.remove',
  rest: 'POST /v1/organisation/remove',
  summary: 'Removes your organisation with everything in it, for good',
  allow: 'owner',
  evenReadOnly: true,
  peopleOnly: true,
  locks: 'organisation',
  // Its audit log goes with it.
  audited: false,
  input: z.strictObject({
    confirm: z.string().max(200).meta({ description: 'The slug of the organisation' }),
  }),
  output: z.strictObject({}),
  run: (actor, { confirm }) =>
    tenantDb(actor).transaction(async (tx) => {
      const row = await tx.organisation.findFirst({ ...current(actor), select: { slug: true } })
      if (!row) throw notFound('organisation')
      if (confirm !== row.slug) throw invalidField('confirm', `must be ${row.slug}`)
      const members = await tx.membership.findMany({ select: { userId: true } })
      // One statement: whatever belongs to it goes by its foreign keys.
      await tx.$executeRaw`delete from organisations where id = (select current_org_id())`
      aroundCommit(() => refreshSessionsOf(members.map(({ userId }) => userId)))
      return {}
    }),
})
