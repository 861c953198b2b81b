import type { OrgId } from './ids.ts'

/** What the store has of a file: what was posted and not checked yet, the file itself, and a small picture of it. */
export const variants = ['upload', 'original', 'thumbnail'] as const
export type Variant = (typeof variants)[number]

declare const brand: unique symbol
/** Where something is in the object store. Made here and nowhere else: nobody can spell one without an organisation. */
export type BlobKey = string & { readonly [brand]: 'BlobKey' }

/** Beside what belongs to organisations, and not below it. */
export const installationKey = 'installation'

export type StoredFile = { orgId: OrgId; id: string }

/** @param id of a row of the organisation's own, never of an input that was not looked up */
export const blobKey = (orgId: OrgId, id: string, variant: Variant): BlobKey =>
  `orgs/${orgId}/files/${id}/${variant}` as BlobKey

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const pattern = new RegExp(`^orgs/(${uuid})/files/(${uuid})/(?:${variants.join('|')})$`)

/** Which file a key is of; null for one that is none of ours. */
export function fileOfKey(key: string): StoredFile | null {
  const [, orgId, id] = pattern.exec(key) ?? []
  return orgId && id ? { orgId: orgId as OrgId, id } : null
}

export type StoredExport = { orgId: OrgId; id: string; run: string }

/** Below it is everything that the store has of an export. @param id of a row of the organisation's own */
export const exportPrefix = (orgId: OrgId, id: string): string => `orgs/${orgId}/exports/${id}/`

/** The file that one try to make an export wrote. @param run the try's, as the export's row says */
export const exportKey = (orgId: OrgId, id: string, run: string): BlobKey =>
  `${exportPrefix(orgId, id)}${run}` as BlobKey

const exportPattern = new RegExp(`^orgs/(${uuid})/exports/(${uuid})/(${uuid})$`)

/** Which export a key is of; null for one that is of none. */
export function exportOfKey(key: string): StoredExport | null {
  const [, orgId, id, run] = exportPattern.exec(key) ?? []
  return orgId && id && run ? { orgId: orgId as OrgId, id, run } : null
}
