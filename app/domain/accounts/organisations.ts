import { randomBytes } from 'node:crypto'
import { userId as asUserId } from '@worklane/data/ids.ts'
import { beginDigests } from '../digests/joined.ts'
import { invalidField } from '../errors.ts'
import { limitPerDay } from '../rate-limits.ts'
import { line } from '../text.ts'
import { account, accountTransaction } from './transaction.ts'

export const organisationName = line(120)

export type NewOrganisation = { id: string; name: string; slug: string }

/** Makes an organisation with its owner, as part of the transaction that runs. @throws Problem tooMany */
export async function foundOrganisation(userId: string, name: string): Promise<NewOrganisation> {
  await limitPerDay(asUserId(userId), 'organisations')
  const { rows } = await account().query(
    'insert into organisations (name, slug) values ($1, $2) returning id, name, slug',
    [name, slugOf(name)],
  )
  const organisation = rows[0] as NewOrganisation
  await account().query("insert into memberships (org_id, user_id, role) values ($1, $2, 'owner')", [
    organisation.id,
    userId,
  ])
  await beginDigests(organisation.id, userId)
  await account().query(
    `insert into audit_log (org_id, actor_id, operation, target, after)
     values ($1, $2, 'organisation.create', $3, $4)`,
    [organisation.id, userId, `organisation ${organisation.id}`, JSON.stringify(organisation)],
  )
  return organisation
}

/** For somebody who may belong to no organisation yet. @throws Problem invalid when the name is none */
export async function createOrganisation(userId: string, name: string): Promise<NewOrganisation> {
  const parsed = organisationName.safeParse(name)
  if (!parsed.success) throw invalidField('organisation', parsed.error.issues[0]?.message ?? 'is not a name')
  return accountTransaction(null, () => foundOrganisation(userId, parsed.data))
}

/** Readable, and unique by chance: two organisations may have one name. */
function slugOf(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40)
  return `${words || 'organisation'}-${randomBytes(4).toString('hex')}`
}
