import { buffer } from 'node:stream/consumers'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId, userId } from '@worklane/data/ids.ts'
import { type PictureOwner, pictureKey } from '@worklane/data/picture-keys.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { forgetTags } from '@worklane/domain/cache.ts'
import { blobs } from '@worklane/domain/files/store.ts'
import { mayBe } from '@worklane/domain/files/types.ts'
import type { PictureRefused } from '@worklane/domain/pictures/shapes.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { personTags, tags } from '@worklane/domain/tags.ts'
import { fileTypeFromBuffer } from 'file-type'
import { z } from 'zod'
import { thumbnailOf } from '../files/own-process.ts'
import { withinTries } from '../files/tries.ts'

const Payload = z.object({ pictureId: z.uuid() })
type Tenant = { orgId: ReturnType<typeof orgId> }
type Uploaded = { id: string; owner: PictureOwner; type: string; size: number }
type Verdict = { refused: PictureRefused } | { square: Uint8Array }

/**
 * Looks at a picture that was posted, and shows a small square of it or says why not. However often it is called, and
 * wherever it broke off: what is there in the end is the same.
 * @param signal gives up on this try
 */
export async function checkPicture(job: OutboxJob, signal = new AbortController().signal): Promise<void> {
  const tenant = { orgId: orgId(job.orgId) }
  const picture = await waiting(tenant, Payload.parse(job.payload).pictureId)
  if (!picture) return
  const store = await blobs()
  const verdict = await withinTries({ table: 'picture_uploads', tenant, id: picture.id }, signal, () =>
    check(store, picture, signal),
  )
  signal.throwIfAborted()
  if ('refused' in verdict) await refuse(store, tenant, picture, verdict.refused)
  else await show(store, tenant, picture, verdict.square)
}

async function waiting(tenant: Tenant, id: string): Promise<Uploaded | null> {
  const [row] = await tenantDb(tenant).read(
    (db) => db.$queryRaw<{ person: string | null; type: string; size: number }[]>`
      select user_id as person, type, size from picture_uploads
      where org_id = (select current_org_id()) and id = ${id}::uuid and uploaded_at is not null and refused is null`,
  )
  if (!row) return null
  const owner: PictureOwner = row.person
    ? { kind: 'person', id: userId(row.person) }
    : { kind: 'organisation', id: tenant.orgId }
  return { id, owner, type: row.type, size: row.size }
}

async function check(
  store: BlobStore,
  { owner, id, type, size }: Uploaded,
  signal: AbortSignal,
): Promise<Verdict> {
  const posted = pictureKey(owner, id, 'upload')
  if ((await store.propertiesOf(posted))?.size !== size) return { refused: 'size' }
  const bytes = await buffer(await store.read(posted))
  if (!mayBe(type, (await fileTypeFromBuffer(bytes))?.mime ?? null)) return { refused: 'type' }
  const told = await thumbnailOf({ kind: 'square', bytes }, { signal })
  const square = 'broken' in told ? null : told.thumbnail.picture
  // Of one that has too many pixels, or takes too long, nothing could be shown.
  return square ? { square } : { refused: 'broken' }
}

/** It is what people see from now on, and the one before goes: a trigger has the object store emptied. */
async function show(
  store: BlobStore,
  tenant: Tenant,
  { owner, id }: Uploaded,
  square: Uint8Array,
): Promise<void> {
  const key = pictureKey(owner, id, 'square')
  await store.put(key, Buffer.from(square), 'image/webp', keptBy)
  const isShown = await tenantDb(tenant).transaction(async (tx) => {
    const taken = await tx.$executeRaw`
      delete from picture_uploads
      where org_id = (select current_org_id()) and id = ${id}::uuid and refused is null`
    if (taken === 0) return false
    return owner.kind === 'person'
      ? (await tx.$executeRaw`update users set avatar = ${id}::uuid where id = ${owner.id}::uuid`) > 0
      : (await tx.$executeRaw`
          update organisations set logo = ${id}::uuid where id = (select current_org_id())`) > 0
  })
  // Another one was chosen meanwhile, it was taken away, or they left: what was just put there nobody shows.
  if (!isShown && !(await isCurrent(tenant, owner, id))) await store.removeKeys([key])
  await store.removeKeys([pictureKey(owner, id, 'upload')])
  await forgetTags(tenant, owner.kind === 'person' ? personTags(owner.id) : [tags.organisation])
}

/** By the browser of who may see it, and by nobody in between. */
const keptBy = 'private, max-age=3600, immutable'

async function isCurrent(tenant: Tenant, owner: PictureOwner, id: string): Promise<boolean> {
  const rows = await tenantDb(tenant).read((db) =>
    owner.kind === 'person'
      ? db.$queryRaw<unknown[]>`select from users where id = ${owner.id}::uuid and avatar = ${id}::uuid`
      : db.$queryRaw<unknown[]>`
          select from organisations where id = (select current_org_id()) and logo = ${id}::uuid`,
  )
  return rows.length > 0
}

/** Says why to who uploaded it. What was posted goes at once, and what is posted again with the row. */
async function refuse(
  store: BlobStore,
  tenant: Tenant,
  { owner, id }: Uploaded,
  refused: PictureRefused,
): Promise<void> {
  await tenantDb(tenant).read(
    (db) => db.$executeRaw`
      update picture_uploads set refused = ${refused}
      where org_id = (select current_org_id()) and id = ${id}::uuid and refused is null`,
  )
  await store.removeKeys([pictureKey(owner, id, 'upload')])
}
