import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { createComment, removeComment } from '@worklane/domain/comments/operations.ts'
import { execute } from '@worklane/domain/execute.ts'
import { linkFile, listFiles, removeFile } from '@worklane/domain/files/operations.ts'
import { blobs, originalKey, thumbnailKey, uploadKey } from '@worklane/domain/files/store.ts'
import { partSize } from '@worklane/domain/files/types.ts'
import { completeUpload, createUpload, nextParts } from '@worklane/domain/files/uploads.ts'
import { removeOrganisation } from '@worklane/domain/organisations/operations.ts'
import { closeRuntime, tenantDb } from '@worklane/domain/runtime.ts'
import { removeTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import pg from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkFile } from './check.ts'
import { ProcessEnded } from './own-process.ts'
import { emptyRemoved, sweepFiles } from './removal.ts'
import { withinTries } from './tries.ts'

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3

/** As a browser does whose connection breaks: it announces more than it sends. Past the edge, which hands on only what is whole. */
async function putAndHangUp(url: string, sent: Uint8Array, announced: number): Promise<void> {
  const { host, hostname, port, pathname, search } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${announced}\r\n\r\n`)
  await new Promise<void>((resolve) => socket.write(sent, () => resolve()))
  await sleep(300)
  socket.destroy()
}

describe('files', () => {
  const appUrl = process.env.APP_DATABASE_URL
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  let tenant: Tenant
  let png: Buffer

  beforeAll(async () => {
    // What a request may do a worker may, and says besides what was checked.
    process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
    const background = { r: 20, g: 90, b: 200 }
    png = await sharp({ create: { width: 1200, height: 600, channels: 3, background } })
      .png()
      .toBuffer()
  })
  beforeEach(async () => {
    tenant = await createTenant()
  })
  afterAll(async () => {
    await Promise.allSettled([pool.end(), closeRuntime()])
  })

  const member = () => tenant.people.member.actor
  const begin = (name: string, size: number, actor = member()) =>
    execute(createUpload, actor, { taskId: tenant.task, name, size })
  const complete = (id: string) => execute(completeUpload, member(), { uploadId: id })

  /** As a browser posts it. */
  async function post(form: { url: string; fields: Record<string, string> } | null, bytes: Uint8Array) {
    if (!form) throw new Error('it goes in parts')
    const body = new FormData()
    for (const [name, value] of Object.entries(form.fields)) body.set(name, value)
    body.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]))
    return fetch(form.url, { method: 'POST', body })
  }

  /** Uploaded and complete, and not checked yet. */
  async function uploaded(name: string, bytes: Uint8Array): Promise<string> {
    const { file, form } = await begin(name, bytes.length)
    expect((await post(form, bytes)).status).toBe(204)
    expect((await complete(file.id)).state).toBe('checking')
    return file.id
  }

  /** As above, and so large that it goes in parts. */
  async function uploadedInParts(name: string): Promise<string> {
    const bytes = Buffer.alloc(2 * partSize + 1, 'a line of a log\n')
    const { file } = await begin(name, bytes.length)
    for (const { number, size, url } of (await execute(nextParts, member(), { uploadId: file.id })).next) {
      const start = (number - 1) * partSize
      await fetch(url, { method: 'PUT', body: bytes.subarray(start, start + size) })
    }
    await complete(file.id)
    return file.id
  }

  const job = (id: string) => ({ id, orgId: tenant.id, topic: 'file.check', payload: { fileId: id } })
  const stateOf = async (id: string) =>
    (await execute(listFiles, member(), { taskId: tenant.task })).items.find((file) => file.id === id)
  async function checked(name: string, bytes: Uint8Array) {
    const id = await uploaded(name, bytes)
    await checkFile(job(id))
    return { id, file: await stateOf(id) }
  }

  const keysOf = (id: string) => [uploadKey, originalKey, thumbnailKey].map((keyOf) => keyOf(member(), id))
  /** Which of a file's objects the store has. */
  const inStore = async (id: string) => {
    const sizes = await Promise.all(keysOf(id).map(async (key) => (await blobs()).propertiesOf(key)))
    return ['upload', 'original', 'thumbnail'].filter((_, index) => sizes[index] !== null)
  }
  const rowsOf = async (id: string) =>
    (await asAdministrator((client) => client.query('select from files where id = $1', [id]))).rowCount

  const empty = () => emptyRemoved(pool, { open: blobs })
  /** Lets the time pass until nothing can come by a form any more. */
  const formsEnded = (id: string) =>
    asAdministrator(async (client) => {
      await client.query("update removed_files set again_at = now() - interval '11 minutes' where id = $1", [
        id,
      ])
      await client.query("update posted_files set form_until = now() - interval '11 minutes' where id = $1", [
        id,
      ])
    })
  /** What is still to be seen to in the store. */
  const removedRows = async (id: string) =>
    (
      await asAdministrator((client) =>
        client.query(
          'select id from removed_files where id = $1 union all select id from posted_files where id = $1',
          [id],
        ),
      )
    ).rowCount

  describe('that are small', () => {
    it('are posted to the store, checked, and seen by everybody only then', async () => {
      const id = await uploaded('plan.png', png)
      const seenBy = async (role: 'viewer' | 'member') =>
        (await execute(listFiles, tenant.people[role].actor, { taskId: tenant.task })).items
      expect(await seenBy('viewer')).toEqual([])
      expect(await seenBy('member')).toMatchObject([{ id, state: 'checking', thumbnail: null }])
      await checkFile(job(id))
      const [file] = await seenBy('viewer')
      expect(file).toMatchObject({ id, state: 'ready', kind: 'picture', width: 1200, height: 600 })
      expect(await inStore(id)).toEqual(['original', 'thumbnail'])
      const small = Buffer.from(await (await fetch(file?.thumbnail ?? '')).arrayBuffer())
      expect(await sharp(small).metadata()).toMatchObject({ format: 'webp', width: 480, height: 240 })
    })

    it('are made visible by nobody but a worker', async () => {
      const id = await uploaded('plan.png', png)
      const app = new pg.Client({ connectionString: appUrl })
      await app.connect()
      const set = async (change: string) => {
        await app.query('begin')
        await app.query("select set_config('app.org_id', $1, true)", [tenant.id])
        const done = app.query(`update files set ${change} where id = $1`, [id])
        const outcome = await done.then(
          ({ rowCount }) => rowCount,
          (error: Error) => error.message,
        )
        await app.query('rollback')
        return outcome
      }
      expect(await set('uploaded_at = now()')).toBe(1)
      for (const change of ['ready_at = now()', 'refused = null', 'size = 1', "type = 'text/html'"])
        expect(await set(change)).toBe('permission denied for table files')
      await app.end()
    })

    it('are downloaded by a link under the name that they have, as the type that was checked', async () => {
      const { id } = await checked('Größe 1.png', png)
      const { url } = await execute(linkFile, tenant.people.viewer.actor, { fileId: id })
      const answer = await fetch(url)
      expect(answer.headers.get('content-disposition')).toBe(
        `attachment; filename="Groe 1.png"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.png`,
      )
      expect(answer.headers.get('content-type')).toBe('image/png')
      expect(Buffer.from(await answer.arrayBuffer()).equals(png)).toBe(true)
    })

    it('are what was checked, whatever is posted by the same form later', async () => {
      const { file, form } = await begin('plan.png', png.length)
      await post(form, png)
      await complete(file.id)
      await checkFile(job(file.id))
      const other = Buffer.alloc(png.length, 'x')
      expect((await post(form, other)).status).toBe(204)
      const { url } = await execute(linkFile, member(), { fileId: file.id })
      expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(png)).toBe(true)
    })

    it('leave nothing in the store that is posted by their form once more', async () => {
      const { file, form } = await begin('plan.png', png.length)
      await post(form, png)
      await complete(file.id)
      await checkFile(job(file.id))
      await empty()
      expect((await post(form, Buffer.alloc(png.length, 'x'))).status).toBe(204)
      await empty()
      expect(await inStore(file.id)).toEqual(['upload', 'original', 'thumbnail'])
      await formsEnded(file.id)
      await empty()
      expect(await inStore(file.id)).toEqual(['original', 'thumbnail'])
      expect(await removedRows(file.id)).toBe(0)
    })

    it('leave nothing behind either when they are removed after that', async () => {
      const { file, form } = await begin('plan.png', png.length)
      await post(form, png)
      await complete(file.id)
      await checkFile(job(file.id))
      await post(form, png)
      await empty()
      await post(form, png)
      await execute(removeFile, member(), { fileId: file.id })
      await empty()
      expect(await inStore(file.id)).toEqual([])
      await post(form, png)
      await formsEnded(file.id)
      await empty()
      expect([await inStore(file.id), await removedRows(file.id)]).toEqual([[], 0])
    })

    it('leave nothing behind when they are removed while the store is emptied of what was posted', async () => {
      const { id } = await checked('plan.png', png)
      await formsEnded(id)
      const store = await blobs()
      const slow = async () => ({
        ...store,
        // Between what a worker reads of the rows and what it writes of them.
        async removeKeys(keys: Parameters<typeof store.removeKeys>[0]) {
          if (keys.includes(uploadKey(member(), id))) await execute(removeFile, member(), { fileId: id })
          await store.removeKeys(keys)
        },
      })
      await emptyRemoved(pool, { open: slow })
      expect(await rowsOf(id)).toBe(0)
      await empty()
      expect(await inStore(id)).toEqual([])
    })

    it('are checked once, however often and from wherever a job begins anew', async () => {
      const id = await uploaded('plan.png', png)
      // It died after it had put the original in its place.
      await (await blobs()).put(originalKey(member(), id), png, 'image/png')
      await (await blobs()).removeKeys([uploadKey(member(), id)])
      await Promise.all([checkFile(job(id)), checkFile(job(id))])
      await checkFile(job(id))
      expect(await stateOf(id)).toMatchObject({ state: 'ready' })
      expect(await inStore(id)).toEqual(['original', 'thumbnail'])
    })
  })

  describe('that are checked twice at the same time', () => {
    /** Does something once, before the store answers for the last time before it reads what was posted. */
    async function beforeRead(id: string, happens: () => Promise<unknown>) {
      const store = await blobs()
      const { propertiesOf } = store
      let asked = 0
      store.propertiesOf = async (key) => {
        if (key === uploadKey(member(), id) && ++asked === 2) {
          store.propertiesOf = propertiesOf
          await happens()
        }
        return propertiesOf(key)
      }
    }

    it.each([
      ['has gone', async () => {}],
      [
        'is something else by then',
        async (form: Parameters<typeof post>[0]) => {
          expect((await post(form, Buffer.alloc(png.length, '<!doctype html>'))).status).toBe(204)
        },
      ],
    ] as const)('stay when the first makes them ready, and what the second reads %s', async (_, again) => {
      const { file, form } = await begin('plan.png', png.length)
      await post(form, png)
      await complete(file.id)
      await beforeRead(file.id, async () => {
        await checkFile(job(file.id))
        await again(form)
      })
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'ready' })
      expect(await inStore(file.id)).toEqual(expect.arrayContaining(['original', 'thumbnail']))
    })

    it('leave nothing behind when the second refuses them before the first is done', async () => {
      const id = await uploaded('plan.png', png)
      const store = await blobs()
      const { put } = store
      store.put = async (...object) => {
        store.put = put
        await put(...object)
        await asAdministrator((client) =>
          client.query("update files set refused = 'type' where id = $1", [id]),
        )
        await empty()
      }
      await checkFile(job(id))
      expect(await stateOf(id)).toMatchObject({ state: 'refused', refused: 'type' })
      expect(await inStore(id)).toEqual([])
    })
  })

  describe('that are not what they say', () => {
    const html = Buffer.from('<!doctype html><script>alert(1)</script>')
    it.each([
      ['a page that is called a picture', 'cat.png', () => html, 'type'],
      ['a picture that is called a document', 'offer.pdf', () => png, 'type'],
      [
        'a program that is called a text',
        'notes.txt',
        () => Buffer.from('\x7fELF\x02\x01\x01\0\0\0'),
        'type',
      ],
      ['a picture that ends in its middle', 'half.png', () => png.subarray(0, png.length / 2), 'broken'],
    ] as const)('are refused: %s', async (_, name, bytes, refused) => {
      const { id, file } = await checked(name, bytes())
      expect(file).toMatchObject({ state: 'refused', refused })
      expect(await inStore(id)).toEqual([])
      await expect(execute(linkFile, member(), { fileId: id })).rejects.toMatchObject({ kind: 'notFound' })
    })

    it.each([
      ['a text', 'notes.txt', () => Buffer.from('BMW, naïve\r\n')],
      ['a table in an older encoding', 'table.csv', () => Buffer.from('größe;1\n', 'latin1')],
      ['a picture', 'cat.PNG', () => png],
    ] as const)('are not: %s is kept', async (_, name, bytes) => {
      expect((await checked(name, bytes())).file).toMatchObject({ state: 'ready' })
    })

    it('are refused when nothing came, and when they are told to be complete too early', async () => {
      const { file } = await begin('plan.png', png.length)
      await complete(file.id)
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'refused', refused: 'size' })
    })

    it.each([
      ['cat.exe', 10, /^name: must end in one of \.png/],
      ['cat\u202egnp.txt', 10, /^name: must hold no control characters/],
      ['cat.png', 0, /^size: must be 1 byte or more/],
      ['cat.png', 2 * gibibyte + 1, /^size: must be at most 2 GiB/],
    ])('are refused before they are sent: %s of %i bytes', async (name, size, why) => {
      await expect(begin(name, size)).rejects.toMatchObject({ kind: 'invalid', message: why })
    })

    it('are not taken by the store when they are larger or smaller than announced, or of another type', async () => {
      const { form } = await begin('plan.png', png.length)
      expect((await post(form, Buffer.concat([png, png]))).status).toBe(400)
      expect((await post(form, png.subarray(1))).status).toBe(400)
      const lying = form && { ...form, fields: { ...form.fields, 'Content-Type': 'text/html' } }
      expect((await post(lying, png)).status).toBe(403)
    })
  })

  describe('that are large', () => {
    const lines = (size: number) => Buffer.alloc(size, 'a line of a log\n')
    const size = 2 * partSize + 5 * mebibyte

    it('go in parts, and go on after a break with those that the store has not', async () => {
      const bytes = lines(size)
      const { file, form } = await begin('server.log', size)
      expect(form).toBeNull()
      const put = async (part: { number: number; size: number; url: string }) => {
        const start = (part.number - 1) * partSize
        return fetch(part.url, { method: 'PUT', body: bytes.subarray(start, start + part.size) })
      }
      const first = await execute(nextParts, member(), { uploadId: file.id })
      expect(first.next.map((part) => [part.number, part.size])).toEqual([
        ...[
          [1, partSize],
          [2, partSize],
        ],
        [3, 5 * mebibyte],
      ])
      expect((await put(first.next[1] as never)).status).toBe(200)
      const then = await execute(nextParts, member(), { uploadId: file.id })
      expect([then.done, then.next.map(({ number }) => number)]).toEqual([[2], [1, 3]])
      for (const part of then.next) expect((await put(part)).status).toBe(200)
      expect((await execute(nextParts, member(), { uploadId: file.id })).next).toEqual([])
      await complete(file.id)
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'ready', size })
      const kept = await buffer(await (await blobs()).read(originalKey(member(), file.id)))
      expect(kept.equals(bytes)).toBe(true)
    })

    it('are one upload, however many ask for parts at the same time', async () => {
      const { file } = await begin('server.log', size)
      const asked = await Promise.all(
        Array.from({ length: 4 }, () => execute(nextParts, member(), { uploadId: file.id })),
      )
      const uploads = asked.flatMap(({ next }) =>
        next.map(({ url }) => new URL(url).searchParams.get('uploadId')),
      )
      expect(new Set(uploads).size).toBe(1)
    })

    it('take no part of another length', async () => {
      const { file } = await begin('server.log', size)
      const { next } = await execute(nextParts, member(), { uploadId: file.id })
      // The store answers, or hangs up before it has read all that it does not want.
      const put = (length: number) =>
        fetch(next[2]?.url ?? '', { method: 'PUT', body: lines(length) }).then(
          ({ status }) => status,
          () => 'hung up',
        )
      for (const length of [5 * mebibyte - 1, 5 * mebibyte + 1])
        expect([403, 'hung up']).toContain(await put(length))
      expect((await execute(nextParts, member(), { uploadId: file.id })).done).toEqual([])
      expect(await put(5 * mebibyte)).toBe(200)
    })

    it('are refused when a part is missing', async () => {
      const { file } = await begin('server.log', size)
      const { next } = await execute(nextParts, member(), { uploadId: file.id })
      await fetch(next[0]?.url ?? '', { method: 'PUT', body: lines(partSize) })
      await complete(file.id)
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'refused', refused: 'size' })
      expect(await inStore(file.id)).toEqual([])
      // What came of it is gone as well, and nothing more comes by the links that are good still.
      const upload = new URL(next[0]?.url ?? '').searchParams.get('uploadId') ?? ''
      expect(await (await blobs()).partsOf(originalKey(member(), file.id), upload)).toBeNull()
      const again = fetch(next[1]?.url ?? '', { method: 'PUT', body: lines(partSize) })
      // The store answers before it has all of it, and hangs up.
      const refused = await again.then(
        ({ status }) => status,
        () => 404,
      )
      expect(refused).toBe(404)
      expect(await (await blobs()).partsOf(originalKey(member(), file.id), upload)).toBeNull()
    })

    it('are refused when the store keeps something else than was sent: a part that was cut', async () => {
      const { file } = await begin('server.log', size)
      const { next } = await execute(nextParts, member(), { uploadId: file.id })
      const [cut, ...others] = next as [(typeof next)[0], ...typeof next]
      for (const part of others) await fetch(part.url, { method: 'PUT', body: lines(part.size) })
      await putAndHangUp(cut.url, lines(cut.size).subarray(0, 3 * mebibyte), cut.size)
      const kept = async () => (await execute(nextParts, member(), { uploadId: file.id })).done.length
      // The known-bad case: versitygw 1.8.0 has all of it, with zeros for what did not come.
      await expect.poll(kept).toBe(next.length)
      await complete(file.id)
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'refused', refused: 'size' })
      expect(await inStore(file.id)).toEqual([])
    })

    it('are of whoever began them, and of nobody else', async () => {
      const { file } = await begin('server.log', size)
      for (const ask of [nextParts, completeUpload])
        await expect(
          execute(ask as typeof nextParts, tenant.people.manager.actor, { uploadId: file.id }),
        ).rejects.toMatchObject({ kind: 'notFound' })
    })
  })

  describe('of another organisation', () => {
    it('are not there, for a link and for what was shown of one', async () => {
      const { id } = await checked('plan.png', png)
      const { url } = await execute(linkFile, member(), { fileId: id })
      const foreign = await createTenant()
      await expect(execute(linkFile, foreign.people.owner.actor, { fileId: id })).rejects.toMatchObject({
        kind: 'notFound',
      })
      // A link of one's own, led to the other's file.
      const [own] = await asAdministrator(async (client) => {
        const text = `insert into files (org_id, task_id, name, type, size, upload_until, uploaded_at, ready_at)
          values ($1, $2, 'a.png', 'image/png', 1, now(), now(), now()) returning id`
        return (await client.query(text, [foreign.id, foreign.task])).rows as { id: string }[]
      })
      const link = await execute(linkFile, foreign.people.owner.actor, { fileId: own?.id ?? '' })
      const led = new URL(link.url)
      led.pathname = new URL(url).pathname
      expect((await fetch(led)).status).toBe(403)
      expect((await fetch(new URL(url).origin + new URL(url).pathname)).status).toBe(403)
      expect((await fetch(url)).status).toBe(200)
    })

    it('are not written either by a form whose key was changed', async () => {
      const foreign = await createTenant()
      const { form } = await begin('plan.png', png.length)
      const key = String(form?.fields.key).replace(tenant.id, foreign.id)
      const changed = form && { ...form, fields: { ...form.fields, key } }
      expect((await post(changed, png)).status).toBe(403)
      expect((await post(form, png)).status).toBe(204)
    })
  })

  it('are not given by a link that is past its time', async () => {
    const { id } = await checked('plan.png', png)
    const asked = { disposition: 'inline', type: 'image/png' }
    const link = await (await blobs()).downloadLink(originalKey(member(), id), { ...asked, seconds: 1 })
    expect((await fetch(link)).status).toBe(200)
    await sleep(2_100)
    expect((await fetch(link)).status).toBe(403)
  })

  describe('beyond the plan', () => {
    const setPlan = (plan: string) =>
      asAdministrator((client) =>
        client.query('update organisations set plan = $2::plan where id = $1', [tenant.id, plan]),
      )
    /** Takes up all but so many bytes of the plan Free. */
    const leave = (left: number) =>
      asAdministrator((client) =>
        client.query(
          `insert into files (org_id, task_id, name, type, size, upload_until, uploaded_at, ready_at)
           values ($1, $2, 'large.zip', 'application/zip', $3, now(), now(), now())`,
          [tenant.id, tenant.task, gibibyte - left],
        ),
      )
    const inUse = async () =>
      Number(
        (
          await asAdministrator((client) =>
            client.query('select sum(size) as sum from files where org_id = $1', [tenant.id]),
          )
        ).rows[0].sum,
      )
    const passed = (all: PromiseSettledResult<unknown>[]) =>
      all.filter(({ status }) => status === 'fulfilled').length

    beforeEach(() => setPlan('free'))

    it('are refused, with what is left and the plan that allows more', async () => {
      await leave(mebibyte)
      await expect(begin('a.png', mebibyte + 1)).rejects.toMatchObject({
        kind: 'beyondPlan',
        members: { need: 'storage', limit: gibibyte, used: gibibyte - mebibyte, liftedBy: 'team' },
        message: 'Your plan Free allows 1 GiB of files, and you have 1023 MiB. The plan Team allows 100 GiB.',
      })
      await setPlan('team')
      await expect(begin('a.png', mebibyte + 1)).resolves.toBeDefined()
    })

    it('are as many of twelve at the same time as there is room for, and not one more', async () => {
      await leave(10 * mebibyte)
      const all = await Promise.allSettled(Array.from({ length: 12 }, () => begin('a.png', 3 * mebibyte)))
      expect(passed(all)).toBe(3)
      expect(await inUse()).toBe(gibibyte - mebibyte)
    })

    it('would be seen to be more, if nobody waited for their turn', async () => {
      await leave(10 * mebibyte)
      const naive = async () => {
        await tenantDb(member()).transaction(async (tx) => {
          const [row] = await tx.$queryRaw<{ used: number }[]>`
            select coalesce(sum(size), 0)::float8 as used from files where org_id = (select current_org_id())`
          if ((row?.used ?? 0) + 3 * mebibyte > gibibyte) throw new Error('no room')
          await sleep(200)
          await tx.$executeRaw`
            insert into files (org_id, task_id, name, type, size, upload_until)
            values ((select current_org_id()), ${tenant.task}::uuid, 'a.png', 'image/png', ${3 * mebibyte}::bigint, now())`
        })
      }
      const all = await Promise.allSettled(Array.from({ length: 8 }, naive))
      expect(passed(all)).toBeGreaterThan(3)
      expect(await inUse()).toBeGreaterThan(gibibyte)
    })

    /** Lets the time pass that a file has to come. */
    const expire = (id: string) =>
      asAdministrator(async (client) => {
        await client.query("update files set upload_until = now() - interval '1 second' where id = $1", [id])
        await client.query("update removed_files set again_at = now() - interval '1 second' where id = $1", [
          id,
        ])
      })
    /** Exactly so many bytes are left: one more is too many, and all of them are not. */
    async function expectLeft(left: number) {
      await expect(begin('probe.png', left + 1)).rejects.toMatchObject({
        kind: 'beyondPlan',
        members: { used: gibibyte - left },
      })
      if (left === 0) return
      const probe = await begin('probe.png', left)
      await expire(probe.file.id)
    }

    it('give their place back when they never come', async () => {
      await leave(3 * mebibyte)
      const { file } = await begin('a.png', 3 * mebibyte)
      await expectLeft(0)
      await expire(file.id)
      await expect(complete(file.id)).rejects.toMatchObject({ kind: 'conflict' })
      await expectLeft(3 * mebibyte)
    })

    it('hold their place when they are refused, until nothing can come by their form any more', async () => {
      await leave(5 * mebibyte)
      const { file, form } = await begin('a.png', 3 * mebibyte)
      await complete(file.id)
      await checkFile(job(file.id))
      expect(await stateOf(file.id)).toMatchObject({ state: 'refused', refused: 'size' })
      // It is why: the store takes it still.
      expect((await post(form, Buffer.alloc(3 * mebibyte))).status).toBe(204)
      await expectLeft(2 * mebibyte)
      await empty()
      await expectLeft(2 * mebibyte)
      await execute(removeFile, member(), { fileId: file.id })
      // Once, and not once for each way to go.
      await expectLeft(2 * mebibyte)
      await expire(file.id)
      await expectLeft(5 * mebibyte)
    })

    it('leave nothing in the store that came after they were refused', async () => {
      const { file, form } = await begin('a.png', 3 * mebibyte)
      await complete(file.id)
      await checkFile(job(file.id))
      await empty()
      await post(form, Buffer.alloc(3 * mebibyte))
      expect(await inStore(file.id)).toEqual(['upload'])
      await asAdministrator((client) =>
        client.query("update removed_files set again_at = now() - interval '11 minutes' where id = $1", [
          file.id,
        ]),
      )
      await empty()
      expect(await inStore(file.id)).toEqual([])
      // Its row is there for a day, and says why.
      expect(await stateOf(file.id)).toMatchObject({ state: 'refused', refused: 'size' })
    })

    it('hold their place when they are removed, until nothing can come by their form any more', async () => {
      await leave(5 * mebibyte)
      const { file, form } = await begin('a.png', 3 * mebibyte)
      await execute(removeFile, member(), { fileId: file.id })
      await empty()
      expect((await post(form, Buffer.alloc(3 * mebibyte))).status).toBe(204)
      await expectLeft(2 * mebibyte)
      await expire(file.id)
      await expectLeft(5 * mebibyte)
    })

    it('hold it once when they are ready, although their form is good for a while', async () => {
      await leave(7 * mebibyte)
      const bytes = Buffer.alloc(3 * mebibyte, 'a line\n')
      const { file, form } = await begin('a.txt', bytes.length)
      await post(form, bytes)
      await complete(file.id)
      await expectLeft(4 * mebibyte)
      await checkFile(job(file.id))
      // What is posted once more stands beside the file until the form ends: nobody who does as they should pays for it.
      expect((await post(form, bytes)).status).toBe(204)
      await expectLeft(4 * mebibyte)
      await empty()
      await expire(file.id)
      await expectLeft(4 * mebibyte)
      await execute(removeFile, member(), { fileId: file.id })
      await empty()
      await expectLeft(7 * mebibyte)
    })

    it('give the place of a large one back as soon as its parts are gone', async () => {
      const size = 20 * mebibyte
      await leave(size + mebibyte)
      for (const end of ['removed', 'refused']) {
        const { file } = await begin('server.log', size)
        const { next } = await execute(nextParts, member(), { uploadId: file.id })
        await fetch(next[0]?.url ?? '', { method: 'PUT', body: Buffer.alloc(partSize, 'a line\n') })
        if (end === 'removed') await execute(removeFile, member(), { fileId: file.id })
        else {
          await complete(file.id)
          await checkFile(job(file.id))
        }
        await expectLeft(mebibyte)
        await empty()
        await expectLeft(size + mebibyte)
      }
    })

    it('are no more of another organisation than they were', async () => {
      const { file } = await begin('a.png', 3 * mebibyte)
      await execute(removeFile, member(), { fileId: file.id })
      tenant = await createTenant()
      await setPlan('free')
      await leave(mebibyte)
      await expectLeft(mebibyte)
    })
  })

  describe('that are removed', () => {
    it('leave the store with their task, their comment, their organisation', async () => {
      const [ofTask, ofComment] = [await checked('a.png', png), await checked('b.png', png)]
      const comment = await execute(createComment, member(), { taskId: tenant.task, body: 'Look' })
      await asAdministrator((client) =>
        client.query('update files set comment_id = $2 where id = $1', [ofComment.id, comment.id]),
      )
      await execute(removeComment, member(), { commentId: comment.id })
      // The known-bad case: the row is gone, and nobody has told the store.
      expect([await rowsOf(ofComment.id), await inStore(ofComment.id)]).toEqual([
        0,
        ['original', 'thumbnail'],
      ])
      await empty()
      expect(await inStore(ofComment.id)).toEqual([])
      expect(await inStore(ofTask.id)).toEqual(['original', 'thumbnail'])
      await execute(removeTask, tenant.people.manager.actor, { taskId: tenant.task })
      await empty()
      expect(await inStore(ofTask.id)).toEqual([])

      tenant = await createTenant()
      const last = await checked('a.png', png)
      const { rows } = await asAdministrator((client) =>
        client.query('select slug from organisations where id = $1', [tenant.id]),
      )
      await execute(removeOrganisation, tenant.people.owner.actor, { confirm: rows[0].slug })
      await empty()
      expect([await rowsOf(last.id), await inStore(last.id)]).toEqual([0, []])
    })

    it('are seen to once more, when no link to upload them is good any more', async () => {
      const { file, form } = await begin('plan.png', png.length)
      await execute(removeFile, member(), { fileId: file.id })
      await empty()
      expect((await post(form, png)).status).toBe(204)
      await empty()
      expect(await inStore(file.id)).toEqual(['upload'])
      await asAdministrator((client) =>
        client.query("update removed_files set again_at = now() - interval '11 minutes' where id = $1", [
          file.id,
        ]),
      )
      await empty()
      expect(await inStore(file.id)).toEqual([])
      const { rowCount } = await asAdministrator((client) =>
        client.query('select from removed_files where id = $1', [file.id]),
      )
      expect(rowCount).toBe(0)
    })

    it('leave nothing behind when it happens while they are checked', async () => {
      const id = await uploaded('plan.png', png)
      const checking = checkFile(job(id))
      await execute(removeFile, member(), { fileId: id })
      await empty()
      await checking
      expect([await rowsOf(id), await inStore(id)]).toEqual([0, []])
    })

    it('are removed by who uploaded them and by managers, and by nobody else', async () => {
      const { id } = await checked('plan.png', png)
      const other = await createTenant()
      await expect(execute(removeFile, other.people.owner.actor, { fileId: id })).rejects.toMatchObject({
        kind: 'notFound',
      })
      await asAdministrator((client) =>
        client.query('update files set created_by = $2 where id = $1', [
          id,
          tenant.people.admin.actor.userId,
        ]),
      )
      await expect(execute(removeFile, member(), { fileId: id })).rejects.toMatchObject({ kind: 'forbidden' })
      await expect(execute(removeFile, tenant.people.manager.actor, { fileId: id })).resolves.toEqual({ id })
    })

    it('go with the hourly sweep when they never came or were refused, and are looked at again when a job was lost', async () => {
      const never = (await begin('a.png', 10)).file.id
      const refused = (await checked('b.png', Buffer.from('no picture'))).id
      const forgotten = await uploaded('c.png', png)
      await asAdministrator(async (client) => {
        const set = (id: string, change: string) =>
          client.query(`update files set ${change} where id = $1`, [id])
        await set(never, "upload_until = now() - interval '1 minute'")
        await set(
          refused,
          "created_at = now() - interval '25 hours', refused_at = now() - interval '25 hours'",
        )
        await set(forgotten, "uploaded_at = now() - interval '3 hours'")
      })
      await sweepFiles(pool)
      expect([await rowsOf(never), await rowsOf(refused), await rowsOf(forgotten)]).toEqual([0, 0, 1])
      const { rows } = await asAdministrator((client) =>
        client.query(
          "select id from outbox where org_id = $1 and topic = 'file.check' and payload->>'fileId' = $2",
          [...[tenant.id, forgotten]],
        ),
      )
      expect(rows).toHaveLength(2)
    })

    it('say why for a day from when they were refused, however long they waited for their check', async () => {
      const id = await uploaded('b.png', png)
      const set = (change: string) =>
        asAdministrator((client) => client.query(`update files set ${change} where id = $1`, [id]))
      await set(
        "created_at = now() - interval '11 days', uploaded_at = now() - interval '11 days', asked_again = 7",
      )
      await sweepFiles(pool)
      await sweepFiles(pool)
      expect(await stateOf(id)).toMatchObject({ state: 'refused', refused: 'broken' })
      await set("refused_at = now() - interval '23 hours'")
      await sweepFiles(pool)
      expect(await rowsOf(id)).toBe(1)
      await set("refused_at = now() - interval '25 hours'")
      await sweepFiles(pool)
      expect(await rowsOf(id)).toBe(0)
    })

    it('are asked for after ever longer times when no check of them ends, and are broken in the end', async () => {
      const id = await uploaded('c.png', png)
      const old = async (hours: number) => {
        await asAdministrator((client) =>
          client.query(
            `update files set uploaded_at = now() - make_interval(hours => $2), created_at = now() where id = $1`,
            [id, hours],
          ),
        )
        await sweepFiles(pool)
        const { rows } = await asAdministrator((client) =>
          client.query(
            "select count(*)::int from outbox where topic = 'file.check' and payload->>'fileId' = $1",
            [id],
          ),
        )
        return rows[0].count
      }
      const asked = []
      for (const hours of [1, 3, 3, 5, 7, 9, 17, 33, 65, 129, 255]) asked.push(await old(hours))
      expect(asked).toEqual([1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 8])
      expect(await stateOf(id)).toMatchObject({ state: 'checking' })
      expect(await old(257)).toBe(8)
      expect(await stateOf(id)).toMatchObject({ state: 'refused', refused: 'broken' })
      await empty()
      expect(await inStore(id)).toEqual([])
      await checkFile(job(id))
      expect(await stateOf(id)).toMatchObject({ state: 'refused', refused: 'broken' })
    })
  })

  describe('whose check ends its worker', () => {
    const begun = async (id: string) =>
      (await asAdministrator((client) => client.query('select checks_begun from files where id = $1', [id])))
        .rows[0].checks_begun

    it('are broken after five times, and not read any more', async () => {
      const [four, five] = [await uploaded('a.png', png), await uploaded('b.png', png)]
      await asAdministrator((client) =>
        client.query('update files set checks_begun = case id when $1 then 4 else 5 end where org_id = $2', [
          four,
          tenant.id,
        ]),
      )
      for (const id of [four, five]) await checkFile(job(id))
      expect([await stateOf(four), await stateOf(five)]).toMatchObject([
        { state: 'ready' },
        { state: 'refused', refused: 'broken' },
      ])
      expect(await inStore(five)).toEqual([])
    })

    it('are told from those whose worker stops: a check that it ends has not begun, however long the store takes', async () => {
      const [small, large] = [await uploaded('a.png', png), await uploadedInParts('server.log')]
      const store = await blobs()
      const { read, completeParts } = store
      const stop = new AbortController()
      const [reads, puts] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      store.read = () => {
        reads.resolve()
        return new Promise(() => {})
      }
      store.completeParts = () => {
        puts.resolve()
        return new Promise(() => {})
      }
      try {
        const checks = [small, large].map((id) => checkFile(job(id), stop.signal))
        const ended = Promise.allSettled(checks)
        await Promise.all([reads.promise, puts.promise])
        expect([await begun(small), await begun(large)]).toEqual([1, 1])
        stop.abort(new Error('this worker stops'))
        expect(await ended).toMatchObject(
          checks.map(() => ({ status: 'rejected', reason: { message: 'this worker stops' } })),
        )
      } finally {
        Object.assign(store, { read, completeParts })
      }
      expect([await begun(small), await begun(large)]).toEqual([0, 0])
      for (const id of [small, large]) await checkFile(job(id))
      expect([await stateOf(small), await stateOf(large)]).toMatchObject([
        { state: 'ready' },
        { state: 'ready' },
      ])
    })

    it('are those, too, whose picture ends its own process: they are tried again, and broken after five times', async () => {
      const id = await uploaded('a.png', png)
      const ended = () => Promise.reject(new ProcessEnded('SIGKILL'))
      for (let tries = 1; tries <= 5; tries++) {
        const trying = withinTries(
          { table: 'files', tenant: member(), id },
          new AbortController().signal,
          ended,
        )
        await expect(trying).rejects.toThrow('SIGKILL')
        expect(await begun(id)).toBe(tries)
      }
      expect(await stateOf(id)).toMatchObject({ state: 'checking' })
      await checkFile(job(id))
      expect(await stateOf(id)).toMatchObject({ state: 'refused', refused: 'broken' })
    })

    it('are told from those whose check fails: they wait for the store for as long as it is away', async () => {
      const id = await uploaded('a.png', png)
      const store = await blobs()
      const { read } = store
      const counted: number[] = []
      store.read = async () => {
        counted.push(await begun(id))
        throw new Error('the store is away')
      }
      try {
        for (let tries = 0; tries < 7; tries++) await expect(checkFile(job(id))).rejects.toThrow('is away')
      } finally {
        store.read = read
      }
      expect(counted).toEqual([1, 1, 1, 1, 1, 1, 1])
      expect(await begun(id)).toBe(0)
      await checkFile(job(id))
      expect(await stateOf(id)).toMatchObject({ state: 'ready' })
    })
  })
})
