import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { enqueue, record } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { File, type FileRow, fileColumns, fileOf } from './shapes.ts'
import { atStore, blobs, originalKey, requireFiles, uploadKey } from './store.ts'
import { acceptedNames, largestFile, largestWhole, partSize, typeOfName } from './types.ts'

/** The job that looks at what was uploaded. */
export const checkTopic = 'file.check'

/** How long a file may take to come: posted whole, and in parts with pauses between. Seconds. */
const wholeSeconds = 3_600
const partsSeconds = 86_400
/** How long a part's link is good: for the part that is under way on a slow line. */
const partSeconds = 3_600
/** So many parts are handed out at once. */
const mostParts = 16

const fileName = line(200)
  // What turns around the text that follows makes gnp.exe of exe.png.
  .regex(/^[^\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, 'must hold no control characters')
  .refine((name) => typeOfName(name) !== null, `must end in one of ${acceptedNames.replaceAll(',', ' ')}`)

export const Upload = z
  .object({
    file: File,
    /** Until then it has to be complete. */
    until: z.iso.datetime(),
    /** Of a small file: what to post, as multipart/form-data, before the field `file`. Null of one that goes in parts. */
    form: z.object({ url: z.url(), fields: z.record(z.string(), z.string()) }).nullable(),
  })
  .meta({ id: 'Upload' })
export type Upload = z.infer<typeof Upload>

export const createUpload = operation({
  name: 'upload.create',
  rest: 'POST /v1/tasks/:taskId/uploads',
  summary: 'Begins to attach a file to a task; its bytes then go straight to the object store',
  allow: 'member',
  needs: 'storage',
  input: z.strictObject({
    taskId: Id,
    name: fileName,
    size: z
      .number()
      .int()
      .min(1, 'must be 1 byte or more: an empty file is none')
      .max(largestFile, 'must be at most 2 GiB')
      .meta({ description: 'Bytes' }),
  }),
  output: Upload,
  run: (actor, { taskId, name, size }) =>
    tenantDb(actor).transaction(async (tx) => {
      const store = await blobs()
      const type = typeOfName(name) as string
      const task = await tx.task.findFirst({ where: { id: taskId }, select: { id: true } })
      if (!task) throw notFound('task')
      const isWhole = size <= largestWhole
      const until = new Date(Date.now() + (isWhole ? wholeSeconds : partsSeconds) * 1_000)
      const row = await tx.file.create({
        data: { orgId: actor.orgId, taskId, createdBy: actor.userId, name, type, size, uploadUntil: until },
        select: fileColumns,
      })
      record(`file ${row.id}`, null, { taskId, name, type, size })
      const form = isWhole
        ? await store.uploadForm(uploadKey(actor, row.id), { type, size }, wholeSeconds)
        : null
      return { file: fileOf(row, null), until: until.toISOString(), form }
    }),
})

const Parts = z
  .object({
    /** Bytes of each part but the last. */
    partSize: z.number().int(),
    /** Parts that the store has already. */
    done: z.array(z.number().int()),
    /** The next of those that it has not: each is put to its link, exactly so many bytes long. */
    next: z.array(z.object({ number: z.number().int(), size: z.number().int(), url: z.url() })),
  })
  .meta({ id: 'UploadParts' })

export const nextParts = operation({
  name: 'upload.parts',
  rest: 'POST /v1/uploads/:uploadId/parts',
  summary:
    'Which parts of a large upload the store has, and links for the next ones: how one begins and goes on',
  allow: 'member',
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({ uploadId: Id }),
  output: Parts,
  async run(actor, { uploadId }) {
    const upload = await openUpload(actor, uploadId)
    if (upload.size <= largestWhole)
      throw new Problem(
        'conflict',
        'This file is small enough to be posted whole, by the form of upload.create.',
      )
    const key = originalKey(actor, uploadId)
    return atStore(async (store) => {
      const parts = upload.partsId ?? (await beginParts(actor, uploadId, upload.type))
      const had = await store.partsOf(key, parts)
      if (had === null) throw gone()
      const done = new Set(
        had
          .filter(({ number, size }) => size === sizeOfPart(upload.size, number))
          .map(({ number }) => number),
      )
      const numbers = Array.from({ length: Math.ceil(upload.size / partSize) }, (_, index) => index + 1)
      const next = numbers.filter((number) => !done.has(number)).slice(0, mostParts)
      return {
        partSize,
        done: [...done],
        next: await Promise.all(
          next.map(async (number) => {
            const size = sizeOfPart(upload.size, number)
            return { number, size, url: await store.partLink(key, parts, { number, size }, partSeconds) }
          }),
        ),
      }
    })
  },
})

const sizeOfPart = (size: number, number: number) => Math.min(partSize, size - (number - 1) * partSize)

/** Begins an upload in parts once, however many ask at the same time. @returns the store's name of it */
async function beginParts(actor: Actor, id: string, type: string): Promise<string> {
  const store = await blobs()
  const mine = await store.beginParts(originalKey(actor, id), type)
  const [row] = await tenantDb(actor).read(
    (db) => db.$queryRaw<{ partsId: string }[]>`
      with mine as (
        update files set parts_id = ${mine}
        where org_id = (select current_org_id()) and id = ${id}::uuid and parts_id is null and uploaded_at is null
        returning parts_id)
      select parts_id as "partsId" from mine`,
  )
  if (row) return row.partsId
  await store.abortParts(originalKey(actor, id), mine)
  const { partsId } = await openUpload(actor, id)
  if (partsId === null) throw gone()
  return partsId
}

const gone = () => new Problem('conflict', 'This upload has ended. Begin another one.')

async function openUpload(actor: Actor, id: string) {
  const row = await tenantDb(actor).read((db) =>
    db.file.findFirst({
      where: { id, createdBy: actor.userId },
      select: { type: true, size: true, partsId: true, uploadUntil: true, uploadedAt: true },
    }),
  )
  if (!row) throw notFound('upload of yours')
  if (row.uploadedAt !== null || row.uploadUntil.getTime() <= Date.now()) throw gone()
  return { ...row, size: Number(row.size) }
}

export const completeUpload = operation({
  name: 'upload.complete',
  rest: 'POST /v1/uploads/:uploadId/complete',
  summary: 'Says that all of a file was uploaded: it is checked, and then everybody sees it',
  allow: 'member',
  // It holds its place already; what it needs is a turn, so that nobody takes the place while the upload ends.
  needs: 'storage',
  // upload.create has said it.
  audited: false,
  input: z.strictObject({ uploadId: Id }),
  output: File,
  run: (actor, { uploadId }) =>
    tenantDb(actor).transaction(async (tx) => {
      requireFiles()
      const before = await ofActor(tx, actor, uploadId)
      if (before.uploadedAt === null) {
        const taken = await tx.$executeRaw`
          update files set uploaded_at = clock_timestamp()
          where org_id = (select current_org_id()) and id = ${uploadId}::uuid
            and uploaded_at is null and upload_until > clock_timestamp()`
        if (taken === 0) throw gone()
        enqueue(actor, checkTopic, { fileId: uploadId })
      }
      return fileOf(await ofActor(tx, actor, uploadId), null)
    }),
})

async function ofActor(tx: Transaction, actor: Actor, id: string): Promise<FileRow> {
  const row = await tx.file.findFirst({ where: { id, createdBy: actor.userId }, select: fileColumns })
  if (!row) throw notFound('upload of yours')
  return row
}
