import { z } from 'zod'
import { mayInvite } from '../accounts/invitations.ts'
import { Email } from '../accounts/sign-up.ts'
import { mayAct, Role } from '../actor.ts'
import { enqueue, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { type Mail, mailTopic } from '../mail/mail.ts'
import { operation } from '../operation.ts'
import { IdCursor, listSize, pageOf, pageOfItems } from '../paging.ts'
import { limitPerDay } from '../rate-limits.ts'
import { runtime, tenantDb } from '../runtime.ts'
import { newToken, tokenHash } from '../sessions/token.ts'
import { Id, Person } from '../tasks/shapes.ts'

/** As long as the outbox keeps the row that carries the link to the mail. */
const goodForDays = 7

export const Invitation = z
  .object({
    id: Id,
    email: z.string(),
    role: Role,
    invitedBy: Person.nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof Invitation>

const columns = {
  id: true,
  email: true,
  role: true,
  inviter: { select: { id: true, name: true } },
  createdAt: true,
  expiresAt: true,
} as const

type Row = Omit<Invitation, 'createdAt' | 'expiresAt' | 'invitedBy'> & {
  inviter: Invitation['invitedBy']
  createdAt: Date
  expiresAt: Date
}

const invitationOf = ({ inviter, createdAt, expiresAt, ...row }: Row): Invitation => ({
  ...row,
  invitedBy: inviter,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
})

/** What the audit log keeps: an address is personal, and an entry stays for ever. */
const audited = ({ id, role, expiresAt }: Invitation) => ({ id, role, expiresAt })

export const listInvitations = operation({
  name: 'invitation.list',
  rest: 'GET /v1/invitations',
  summary: 'Invitations that nobody has accepted yet, latest first',
  allow: 'admin',
  input: z.strictObject({ cursor: IdCursor, limit: listSize }),
  output: pageOfItems(Invitation),
  async run(actor, { cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.invitation.findMany({
        relationLoadStrategy: 'join',
        where: { expiresAt: { gt: new Date() }, ...(cursor ? { id: { lt: cursor } } : {}) },
        orderBy: { id: 'desc' },
        take: limit + 1,
        select: columns,
      }),
    )
    return pageOf(rows, limit, invitationOf, ({ id }) => id)
  },
})

export const createInvitation = operation({
  name: 'invitation.create',
  rest: 'POST /v1/invitations',
  summary: 'Invites somebody by e-mail; an earlier invitation to the address ends',
  allow: mayInvite,
  peopleOnly: true,
  needsProof: true,
  locks: 'organisation',
  needs: 'members',
  input: z.strictObject({ email: Email, role: Role }),
  output: Invitation,
  run: (actor, { email, role }) =>
    tenantDb(actor).transaction(async (tx) => {
      await limitPerDay(actor.userId, 'invitations')
      if (role === 'owner') throw invalidField('role', 'must not be owner: ownership is transferred')
      if (!mayAct(actor, role)) throw invalidField('role', 'must not be above your own')
      // As the unique indexes compare: Prisma's insensitive equality is ILIKE, to which _ and % are wildcards.
      const members = await tx.$queryRaw<unknown[]>`select id from users where lower(email) = lower(${email})`
      if (members.length > 0) {
        throw new Problem('conflict', 'This person belongs to your organisation already.')
      }
      await tx.$executeRaw`delete from invitations where lower(email) = lower(${email})`
      const token = newToken()
      const invitation = invitationOf(
        await tx.invitation.create({
          data: {
            orgId: actor.orgId,
            email,
            role,
            tokenHash: tokenHash(token),
            invitedBy: actor.userId,
            expiresAt: new Date(Date.now() + goodForDays * 86_400_000),
          },
          select: columns,
        }),
      )
      const { name } = (await tx.organisation.findFirst({ select: { name: true } })) ?? { name: '' }
      const mail: Mail<'invitation'> = {
        to: email,
        template: 'invitation',
        data: {
          inviter: invitation.invitedBy?.name ?? null,
          organisation: name,
          role,
          goodForDays,
          link: `${runtime().env.ORIGIN}/invitations/${token}`,
        },
      }
      enqueue(actor, mailTopic, mail)
      record(`invitation ${invitation.id}`, null, audited(invitation))
      return invitation
    }),
})

export const revokeInvitation = operation({
  name: 'invitation.revoke',
  rest: 'DELETE /v1/invitations/:invitationId',
  summary: 'Takes an invitation back; its link is good no more',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  locks: 'organisation',
  input: z.strictObject({ invitationId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { invitationId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.invitation.findFirst({ where: { id: invitationId }, select: columns })
      if (!before) throw notFound('invitation')
      await tx.invitation.deleteMany({ where: { id: invitationId } })
      record(`invitation ${invitationId}`, audited(invitationOf(before)), null)
      return { id: invitationId }
    }),
})
