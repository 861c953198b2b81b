import { userId as asUserId, type OrgId } from '@worklane/data/ids.ts'
import { type PictureOwner, pictureKey } from '@worklane/data/picture-keys.ts'
import { runtime } from '../runtime.ts'

/** A link to the picture of somebody that a row was read of; null where there is none, or no object store. */
export const linkOf = (owner: PictureOwner, version: string | null): string | null =>
  version === null ? null : (runtime().pictureLink?.(pictureKey(owner, version, 'square')) ?? null)

type Row = { id: string; avatar: string | null }

/** A person as others see them, of a row of `users` that the asker may see: of whoever shares an organisation. */
export const personOf = <Person extends Row>(person: Person): Person => ({
  ...person,
  avatar: linkOf({ kind: 'person', id: asUserId(person.id) }, person.avatar),
})

export const logoOf = (id: OrgId, version: string | null) => linkOf({ kind: 'organisation', id }, version)

/** What is selected of a person who is shown. */
export const personColumns = { select: { id: true, name: true, avatar: true } } as const
