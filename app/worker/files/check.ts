import { addAbortSignal, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { BlobKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId } from '@worklane/data/ids.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type { Refused } from '@worklane/domain/files/shapes.ts'
import { blobs, originalKey, thumbnailKey, uploadKey } from '@worklane/domain/files/store.ts'
import { kindOf, largestWhole, mayBe } from '@worklane/domain/files/types.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { eventTopic, isWanted } from '@worklane/domain/webhooks/events.ts'
import { fileTypeFromBuffer, fileTypeFromStream } from 'file-type'
import { z } from 'zod'
import { etagOfParts } from './etag.ts'
import { thumbnailOf } from './own-process.ts'
import { isUtf16, mayBeText } from './text.ts'
import type { Thumbnail } from './thumbnail.ts'
import { withinTries } from './tries.ts'

/** Of larger ones no small picture is made: they would have to be read into memory as a whole. Bytes. */
const largestPictured = 64 * 1024 ** 2

const Payload = z.object({ fileId: z.uuid() })
type Owner = { orgId: ReturnType<typeof orgId> }
type Uploaded = { id: string; type: string; size: number; partsId: string | null }
type Verdict = { refused: Refused } | { thumbnail: Thumbnail }

/**
 * Looks at what was uploaded, whether it is what its name says, and makes it visible or refuses it. However often it is
 * called, and wherever it broke off: what is there in the end is the same.
 * @param signal gives up on this try
 */
export async function checkFile(job: OutboxJob, signal = new AbortController().signal): Promise<void> {
  const owner = { orgId: orgId(job.orgId) }
  const { fileId } = Payload.parse(job.payload)
  const row = await tenantDb(owner).read((db) =>
    db.file.findFirst({
      where: { id: fileId, uploadedAt: { not: null }, readyAt: null, refused: null },
      select: { id: true, type: true, size: true, partsId: true },
    }),
  )
  if (!row) return
  const store = await blobs()
  const file = { ...row, size: Number(row.size) }
  const verdict = await withinTries({ table: 'files', tenant: owner, id: file.id }, signal, () =>
    (file.size <= largestWhole ? checkWhole : checkParts)(reading(store, signal), owner, file),
  )
  signal.throwIfAborted()
  if ('refused' in verdict) await refuse(store, owner, file, verdict.refused)
  else await publish(store, owner, file.id, verdict)
}

/** The store as a check sees it: what is read ends with the check. */
type Stoppable = BlobStore & { signal: AbortSignal }

const reading = (store: BlobStore, signal: AbortSignal): Stoppable => ({
  ...store,
  signal,
  read: async (key) => addAbortSignal(signal, (await store.read(key)) as Readable),
})

/**
 * A small file is read once, and what was read is what is kept: whoever posts the form again, with something else in
 * it, changes nothing.
 */
async function checkWhole(store: Stoppable, owner: Owner, file: Uploaded): Promise<Verdict> {
  const [posted, original] = [uploadKey(owner, file.id), originalKey(owner, file.id)]
  const from = (await store.propertiesOf(posted)) ? posted : original
  if ((await store.propertiesOf(from))?.size !== file.size) return { refused: 'size' }
  const bytes = await buffer(await store.read(from))
  const seen = kindOf(file.type) === 'text' ? null : ((await fileTypeFromBuffer(bytes))?.mime ?? null)
  if (kindOf(file.type) === 'text' ? !mayBeText(bytes, true) : !mayBe(file.type, seen))
    return { refused: 'type' }
  const verdict = await pictured(file, store.signal, async () => bytes)
  if ('thumbnail' in verdict) await store.put(original, bytes, file.type)
  return verdict
}

/** A large file is put together of its parts, which nobody can send again then, and read as it comes. */
async function checkParts(store: Stoppable, owner: Owner, file: Uploaded): Promise<Verdict> {
  const key = originalKey(owner, file.id)
  const parts = file.partsId && (await store.partsOf(key, file.partsId))
  // None any more: an earlier try has put them together.
  if (file.partsId && parts) {
    if (parts.reduce((sum, { size }) => sum + size, 0) !== file.size) return { refused: 'size' }
    await store.completeParts(key, file.partsId, parts)
  }
  const { size, etag } = (await store.propertiesOf(key)) ?? { size: 0, etag: '' }
  if (size !== file.size || (await etagOfParts(await store.read(key))) !== etag) return { refused: 'size' }
  if (!(await isAsNamed(store, key, file.type))) return { refused: 'type' }
  return pictured(file, store.signal, async () => buffer(await store.read(key)))
}

async function isAsNamed(store: BlobStore, key: BlobKey, type: string): Promise<boolean> {
  const stream = await store.read(key)
  try {
    if (kindOf(type) !== 'text') return mayBe(type, (await fileTypeFromStream(stream as never))?.mime ?? null)
    let isFirst = true
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (!mayBeText(chunk, isFirst)) return false
      if (isFirst && isUtf16(chunk)) return true
      isFirst = false
    }
    return true
  } finally {
    stream.destroy()
  }
}

const nothing: Verdict = { thumbnail: { width: null, height: null, picture: null } }

async function pictured(file: Uploaded, signal: AbortSignal, read: () => Promise<Buffer>): Promise<Verdict> {
  const kind = kindOf(file.type)
  if ((kind !== 'picture' && kind !== 'pdf') || file.size > largestPictured) return nothing
  const told = await thumbnailOf({ kind, bytes: await read() }, { signal })
  return 'broken' in told ? { refused: 'broken' } : told
}

/** Makes it visible, once all that belongs to it is in its place. What is posted by its form later `emptyRemoved` removes. */
async function publish(
  store: BlobStore,
  owner: Owner,
  id: string,
  { thumbnail }: { thumbnail: Thumbnail },
): Promise<void> {
  const { width, height, picture } = thumbnail
  if (picture) await store.put(thumbnailKey(owner, id), Buffer.from(picture), 'image/webp')
  const [{ published }] = await tenantDb(owner).read((db) =>
    db.$queryRawUnsafe<[{ published: number }]>(makeReady, id, width, height, picture !== null),
  )
  // Removed or refused meanwhile: what was just put there nobody else would take away before its form ends.
  if (published === 0 && !(await isReady(owner, id))) return store.remove([{ ...owner, id }])
  await store.removeKeys([uploadKey(owner, id)])
}

const makeReady = `
  with ready as (
    update files set ready_at = now(), width = $2::int, height = $3::int,
      thumbnail_at = case when $4::boolean then now() end
    where org_id = (select current_org_id()) and id = $1::uuid and ready_at is null and refused is null
    returning org_id, id, task_id, name, type, size
  ), told as (
    insert into outbox (org_id, topic, payload)
    select org_id, '${eventTopic}', jsonb_build_object('type', 'file.ready',
      'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', jsonb_build_object('actorId', null,
        'file', jsonb_build_object('id', id, 'taskId', task_id, 'name', name, 'type', type, 'size', size)))
    from ready where ${isWanted('ready.org_id', "'file.ready'")}
  )
  select count(*)::int as published from ready`

/**
 * Says why to who uploaded it; its bytes are not kept, nor its parts. Where this breaks off `emptyRemoved` goes on.
 * What another check made ready meanwhile stays: it has taken away what this one did not find.
 */
async function refuse(
  store: BlobStore,
  owner: Owner,
  { id, partsId }: Uploaded,
  refused: Refused,
): Promise<void> {
  const taken = await tenantDb(owner).read(
    (db) => db.$executeRaw`
      update files set refused = ${refused}
      where org_id = (select current_org_id()) and id = ${id}::uuid and ready_at is null and refused is null`,
  )
  if (taken === 0 && (await isReady(owner, id))) return
  if (partsId) await store.abortParts(originalKey(owner, id), partsId)
  await store.remove([{ ...owner, id }])
}

const isReady = async (owner: Owner, id: string): Promise<boolean> =>
  (await tenantDb(owner).read((db) => db.file.count({ where: { id, readyAt: { not: null } } }))) > 0
