import { randomUUID } from 'node:crypto'
import { type PictureOwner, pictureKey } from '@worklane/data/picture-keys.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import type { Actor } from '../actor.ts'
import { enqueue } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { atStore, requireFiles } from '../files/store.ts'
import { tenantDb } from '../runtime.ts'
import { linkOf } from './links.ts'
import { type Picture, PictureRefused, type PictureUpload } from './shapes.ts'
import { typeOfPicture } from './types.ts'

/** The job that looks at a picture that was posted. */
export const pictureTopic = 'picture.check'

/** How long a picture may take to come. Seconds. */
const uploadSeconds = 600

type Begun = { name: string; size: number }

export const avatarOf = ({ userId }: Pick<Actor, 'userId'>): PictureOwner => ({ kind: 'person', id: userId })
export const logoFor = ({ orgId }: Pick<Actor, 'orgId'>): PictureOwner => ({
  kind: 'organisation',
  id: orgId,
})

/** Null says that it is the organisation's. */
const personOf = (owner: PictureOwner): string | null => (owner.kind === 'person' ? owner.id : null)

/** Hands out a form to post a picture with; what was on its way before is so no more: the last one counts. */
export async function beginPicture(
  tx: Transaction,
  owner: PictureOwner,
  { name, size }: Begun,
): Promise<PictureUpload> {
  requireFiles()
  const type = typeOfPicture(name) as string
  const id = randomUUID()
  const until = new Date(Date.now() + uploadSeconds * 1_000)
  await endUploads(tx, owner)
  await tx.$executeRaw`
    insert into picture_uploads (org_id, id, user_id, type, size, upload_until)
    values ((select current_org_id()), ${id}::uuid, ${personOf(owner)}::uuid, ${type}, ${size}::int, ${until})`
  const form = await atStore((store) =>
    store.uploadForm(pictureKey(owner, id, 'upload'), { type, size }, uploadSeconds),
  )
  return { id, until: until.toISOString(), form }
}

/** Says that it was posted: it is checked, and then shown. Once more is no harm. */
export async function completePicture(
  tx: Transaction,
  actor: Actor,
  owner: PictureOwner,
  id: string,
): Promise<void> {
  requireFiles()
  const taken = await tx.$executeRaw`
    update picture_uploads set uploaded_at = clock_timestamp()
    where org_id = (select current_org_id()) and id = ${id}::uuid and user_id is not distinct from ${personOf(owner)}::uuid
      and uploaded_at is null and upload_until > clock_timestamp()`
  if (taken > 0) return enqueue(actor, pictureTopic, { pictureId: id })
  const [row] = await tx.$queryRaw<{ isUploaded: boolean }[]>`
    select uploaded_at is not null as "isUploaded" from picture_uploads
    where org_id = (select current_org_id()) and id = ${id}::uuid and user_id is not distinct from ${personOf(owner)}::uuid`
  if (!row) throw notFound('upload of a picture')
  if (!row.isUploaded) throw new Problem('conflict', 'This upload has ended. Begin another one.')
}

/** @param version what is shown at the moment */
export async function pictureOf(actor: Actor, owner: PictureOwner, version: string | null): Promise<Picture> {
  const [row] = await tenantDb(actor).read(
    (db) => db.$queryRaw<{ id: string; isUploaded: boolean; refused: string | null }[]>`
      select id, uploaded_at is not null as "isUploaded", refused from picture_uploads
      where org_id = (select current_org_id()) and user_id is not distinct from ${personOf(owner)}::uuid
        and (uploaded_at is not null or upload_until > clock_timestamp())
      order by created_at desc limit 1`,
  )
  const refused = PictureRefused.nullable().parse(row?.refused ?? null)
  return {
    url: linkOf(owner, version),
    upload: row
      ? { id: row.id, state: refused ? 'refused' : row.isUploaded ? 'checking' : 'uploading', refused }
      : null,
  }
}

/** Ends what is on its way; a trigger has the object store emptied. */
export const endUploads = (tx: Transaction, owner: PictureOwner) => tx.$executeRaw`
  delete from picture_uploads
  where org_id = (select current_org_id()) and user_id is not distinct from ${personOf(owner)}::uuid`
