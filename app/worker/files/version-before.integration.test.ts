import { randomUUID } from 'node:crypto'
import { execute } from '@worklane/domain/execute.ts'
import { removeFile } from '@worklane/domain/files/operations.ts'
import { blobs, uploadKey } from '@worklane/domain/files/store.ts'
import { completeUpload, createUpload } from '@worklane/domain/files/uploads.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkFile } from './check.ts'

/**
 * What workers asked before `posted_files` and `refused_at`, word for word. While a version goes out, and after it was
 * taken back, they are at work on the schema of today (docs/deploy.md).
 */
const before = {
  takes: {
    'without upload_only': `select organisation_id as "organisationId", id, parts_id as "partsId",
        again_at < now() - interval '10 minutes' as "isLast"
      from removed_files
      where emptied_at is null or again_at < now() - interval '10 minutes'
      order by id limit $1`,
    'with upload_only': `select organisation_id as "organisationId", id, parts_id as "partsId", upload_only as "uploadOnly",
        again_at < now() - interval '10 minutes' as "isLast"
      from removed_files
      where emptied_at is null or again_at < now() - interval '10 minutes'
      order by id limit $1`,
  },
  sweeps: {
    files: `delete from files where (uploaded_at is null and upload_until < now())
      or (refused <> 'lost' and created_at < now() - interval '1 day')`,
    picture_uploads: `delete from picture_uploads where (uploaded_at is null and upload_until < now())
      or (refused is not null and created_at < now() - interval '1 day')`,
  },
  refuses: `update files set refused = 'broken' where org_id = (select current_org_id()) and id = $1`,
}
const all = 1_000_000

describe('a worker of the version before', () => {
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  let tenant: Tenant

  beforeAll(async () => {
    process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
    tenant = await createTenant()
  })
  afterAll(async () => {
    await Promise.allSettled([pool.end(), closeRuntime()])
  })

  const member = () => tenant.people.member.actor
  const sql = async (text: string, values: unknown[]) =>
    (await asAdministrator((client) => client.query(text, values))).rows

  async function uploaded(name: 'a.txt' | 'a.png'): Promise<string> {
    const bytes = Buffer.from('<!doctype html>')
    const { file } = await execute(createUpload, member(), { taskId: tenant.task, name, size: bytes.length })
    await (await blobs()).put(uploadKey(member(), file.id), bytes, 'text/plain')
    await execute(completeUpload, member(), { uploadId: file.id })
    return file.id
  }

  /** Checked: a text is ready then, and a page is refused, since it is called a picture. */
  async function checked(name: 'a.txt' | 'a.png'): Promise<string> {
    const fileId = await uploaded(name)
    await checkFile({ id: randomUUID(), orgId: tenant.id, topic: 'file.check', payload: { fileId } })
    return fileId
  }

  it.each(Object.entries(before.takes))(
    'takes out of the store what is gone, and nothing of what is ready (%s)',
    async (_, take) => {
      const taken = async () => (await pool.query<{ id: string }>(take, [all])).rows.map(({ id }) => id)
      const [ready, gone, refused] = [await checked('a.txt'), await checked('a.txt'), await checked('a.png')]
      await execute(removeFile, member(), { fileId: gone })
      expect(await sql('select ready_at is not null as ready from files where id = $1', [ready])).toEqual([
        { ready: true },
      ])
      const seen = await taken()
      expect([ready, gone, refused].map((id) => seen.includes(id))).toEqual([false, true, true])
      // Its form has ended.
      await sql("update files set upload_until = now() - interval '1 day' where id = $1", [ready])
      await sql("update posted_files set form_until = now() - interval '1 day' where id = $1", [ready])
      expect(await taken()).not.toContain(ready)
    },
  )
})
