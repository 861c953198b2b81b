import type { BlobKey } from './blob-keys.ts'
import type { OrgId, UserId } from './ids.ts'

/** Whose picture it is: a person has one in all their organisations, and an organisation has its logo. */
export type PictureOwner = { kind: 'person'; id: UserId } | { kind: 'organisation'; id: OrgId }

/** What the store has of a picture: what was posted and not checked yet, and the small square that is shown. */
export const pictureVariants = ['upload', 'square'] as const
export type PictureVariant = (typeof pictureVariants)[number]

export type StoredPicture = { owner: PictureOwner; id: string }

/** All pictures, and nothing else. */
export const picturesPrefix = 'pictures/'

const folders = { person: 'people', organisation: 'organisations' } as const

/** @param id the version: of a row that was looked up, never of an input that was not */
export const pictureKey = ({ kind, id: owner }: PictureOwner, id: string, variant: PictureVariant): BlobKey =>
  `${picturesPrefix}${folders[kind]}/${owner}/${id}/${variant}` as BlobKey

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const pattern = new RegExp(
  `^${picturesPrefix}(people|organisations)/(${uuid})/(${uuid})/(?:${pictureVariants.join('|')})$`,
)

/** Which picture a key is of; null for one that is none of ours. */
export function pictureOfKey(key: string): StoredPicture | null {
  const [, folder, owner, id] = pattern.exec(key) ?? []
  if (!owner || !id) return null
  return folder === 'people'
    ? { owner: { kind: 'person', id: owner as UserId }, id }
    : { owner: { kind: 'organisation', id: owner as OrgId }, id }
}
