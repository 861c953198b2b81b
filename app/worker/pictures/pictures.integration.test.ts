import { randomUUID } from 'node:crypto'
import { type PictureOwner, pictureKey, pictureVariants } from '@worklane/data/picture-keys.ts'
import { tagKeys } from '@worklane/domain/cache.ts'
import { execute } from '@worklane/domain/execute.ts'
import { blobs } from '@worklane/domain/files/store.ts'
import { getMe } from '@worklane/domain/me/operations.ts'
import { listMembers } from '@worklane/domain/members/operations.ts'
import { completeAvatar, getAvatar, removeAvatar, uploadAvatar } from '@worklane/domain/pictures/avatar.ts'
import { completeLogo, getLogo, removeLogo, uploadLogo } from '@worklane/domain/pictures/logo.ts'
import { getBoard } from '@worklane/domain/projects/board.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { personTags } from '@worklane/domain/tags.ts'
import { updateTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import pg from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkPicture } from './check.ts'
import { emptyRemovedPictures, sweepPictures } from './removal.ts'

describe('the picture of a person and of an organisation', () => {
  const appUrl = process.env.APP_DATABASE_URL
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  let tenant: Tenant
  let wide: Buffer

  beforeAll(async () => {
    process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
    const background = { r: 200, g: 40, b: 90 }
    wide = await sharp({ create: { width: 900, height: 300, channels: 3, background } })
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
  const owner = () => tenant.people.owner.actor
  const sql = (text: string, values: unknown[] = []) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)

  async function post(form: { url: string; fields: Record<string, string> }, bytes: Uint8Array) {
    const body = new FormData()
    for (const [name, value] of Object.entries(form.fields)) body.set(name, value)
    body.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]))
    return (await fetch(form.url, { method: 'POST', body })).status
  }
  const job = (pictureId: string) => {
    const [id, payload] = [randomUUID(), { pictureId }]
    return { id, orgId: tenant.id, topic: 'picture.check', payload }
  }
  const check = (pictureId: string) => checkPicture(job(pictureId))

  /** Posted and complete, and not checked yet. */
  async function posted(name = 'me.png', bytes: Uint8Array = wide, actor = member()): Promise<string> {
    const { id, form } = await execute(uploadAvatar, actor, { name, size: bytes.length })
    expect(await post(form, bytes)).toBe(204)
    await execute(completeAvatar, actor, { pictureId: id })
    return id
  }
  async function shown(): Promise<string> {
    const id = await posted()
    await check(id)
    return id
  }
  const ofMember = (): PictureOwner => ({ kind: 'person', id: member().userId })
  const inStore = async (id: string, of = ofMember()) => {
    const store = await blobs()
    const found = await Promise.all(
      pictureVariants.map(async (variant) =>
        (await store.propertiesOf(pictureKey(of, id, variant))) ? [variant] : [],
      ),
    )
    return found.flat()
  }
  const empty = () => emptyRemovedPictures(pool, { open: blobs })
  const avatarAsSeenBy = async (actor: Tenant['people']['owner']['actor']) =>
    (await execute(listMembers, actor, {})).items.find(({ id }) => id === member().userId)?.avatar

  it('is posted, checked, and seen by colleagues only then, as a small square', async () => {
    const id = await posted()
    expect(await execute(getAvatar, member(), {})).toEqual({
      url: null,
      upload: { id, state: 'checking', refused: null },
    })
    expect(await avatarAsSeenBy(owner())).toBe(null)
    await check(id)
    const link = (await avatarAsSeenBy(owner())) ?? ''
    const answer = await fetch(link)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([
      200,
      'private, max-age=3600, immutable',
    ])
    expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({
      format: 'webp',
      width: 192,
      height: 192,
    })
    expect(await execute(getAvatar, member(), {})).toEqual({ url: link, upload: null })
    expect(await inStore(id)).toEqual(['square'])
  })

  it('stands on what they work on, with no link of any other person', async () => {
    await execute(updateTask, owner(), { taskId: tenant.task, assigneeId: member().userId })
    const assignee = async () => {
      const { columns } = await execute(getBoard, owner(), { projectId: tenant.project })
      return columns.flatMap(({ tasks }) => tasks).find(({ id }) => id === tenant.task)?.assignee
    }
    expect(await assignee()).toMatchObject({ id: member().userId, avatar: null })
    const id = await shown()
    expect((await assignee())?.avatar).toContain(`/pictures/people/${member().userId}/${id}/square?`)
    expect((await execute(getMe, owner(), {})).user.avatar).toBe(null)
  })

  it('is refused when it is something else, broken, or did not come, and says why', async () => {
    const text = new TextEncoder().encode('<script>alert(1)</script>')
    const broken = wide.subarray(0, 200)
    for (const [bytes, refused] of [
      [text, 'type'],
      [broken, 'broken'],
    ] as const) {
      const id = await posted('me.png', bytes)
      await check(id)
      expect((await execute(getAvatar, member(), {})).upload).toEqual({ id, state: 'refused', refused })
      expect(await inStore(id)).toEqual([])
    }
    const { id } = await execute(uploadAvatar, member(), { name: 'a.png', size: 10 })
    await execute(completeAvatar, member(), { pictureId: id })
    await check(id)
    expect((await execute(getAvatar, member(), {})).upload).toEqual({ id, state: 'refused', refused: 'size' })
    expect(await avatarAsSeenBy(owner())).toBe(null)
  })

  it('can be a picture of up to 2 MiB, and what the form says alone', async () => {
    const begin = (name: string, size: number) => execute(uploadAvatar, member(), { name, size })
    await expect(begin('me.svg', 10)).rejects.toThrow(/name/)
    await expect(begin('me.pdf', 10)).rejects.toThrow(/name/)
    await expect(begin('me.png', 2 * 1024 ** 2 + 1)).rejects.toThrow(/size/)
    const { form } = await begin('me.png', 100)
    expect(await post(form, wide)).toBe(400)
    const { form: another } = await begin('me.png', wide.length)
    const elsewhere = { ...another.fields, key: another.fields.key?.replace('people', 'organisations') ?? '' }
    expect(await post({ ...another, fields: elsewhere }, wide)).toBe(403)
    expect(await post(another, wide)).toBe(204)
  })

  it('is one of nobody else: an upload is complete by who began it', async () => {
    const { id } = await execute(uploadAvatar, member(), { name: 'a.png', size: 10 })
    await expect(execute(completeAvatar, owner(), { pictureId: id })).rejects.toMatchObject({
      kind: 'notFound',
    })
    await expect(execute(completeLogo, owner(), { pictureId: id })).rejects.toMatchObject({
      kind: 'notFound',
    })
  })

  it('gives way to the next one, and its object goes, whichever came first', async () => {
    const first = await shown()
    const second = await posted()
    const third = await posted()
    // Its job was under way as the next one began.
    await check(second)
    await check(third)
    expect(await avatarAsSeenBy(owner())).toContain(third)
    await empty()
    expect([await inStore(first), await inStore(second), await inStore(third)]).toEqual([[], [], ['square']])
  })

  it('is the same however often it is checked, and what is posted once more goes', async () => {
    const { id, form } = await execute(uploadAvatar, member(), { name: 'me.png', size: wide.length })
    await post(form, wide)
    await execute(completeAvatar, member(), { pictureId: id })
    await Promise.all([check(id), check(id), check(id)])
    await check(id)
    expect(await avatarAsSeenBy(owner())).toContain(id)
    expect(await inStore(id)).toEqual(['square'])
    await post(form, wide)
    expect(await inStore(id)).toEqual(['upload', 'square'])
    await sql("update removed_pictures set again_at = now() - interval '11 minutes' where id = $1", [id])
    await empty()
    expect(await inStore(id)).toEqual(['square'])
    expect(await sql('select from removed_pictures where id = $1', [id])).toEqual([])
  })

  it('stays when another check of it showed it, and took away what was posted, before this one reads', async () => {
    const id = await posted()
    const store = await blobs()
    const { propertiesOf } = store
    store.propertiesOf = async (key) => {
      store.propertiesOf = propertiesOf
      await check(id)
      return propertiesOf(key)
    }
    await check(id)
    expect(await execute(getAvatar, member(), {})).toMatchObject({
      url: expect.stringContaining(id),
      upload: null,
    })
    await empty()
    expect(await inStore(id)).toEqual(['square'])
  })

  it('is taken away with what is on its way', async () => {
    const id = await shown()
    const next = await posted()
    await execute(removeAvatar, member(), {})
    expect(await avatarAsSeenBy(owner())).toBe(null)
    await check(next)
    expect(await execute(getAvatar, member(), {})).toEqual({ url: null, upload: null })
    await empty()
    expect([await inStore(id), await inStore(next)]).toEqual([[], []])
  })

  it('goes with the account', async () => {
    const id = await shown()
    await sql('delete from users where id = $1', [member().userId])
    const person = ofMember()
    await empty()
    expect(await inStore(id, person)).toEqual([])
  })

  it('is the logo of an organisation, which admins choose and everybody sees, and goes with it', async () => {
    const { id, form } = await execute(uploadLogo, owner(), { name: 'logo.webp', size: 10 })
    await expect(
      execute(uploadLogo, member(), { name: 'logo.png', size: wide.length }),
    ).rejects.toMatchObject({ kind: 'forbidden' })
    expect(await post(form, wide)).toBe(400)
    const real = await execute(uploadLogo, owner(), { name: 'logo.png', size: wide.length })
    await post(real.form, wide)
    await execute(completeLogo, owner(), { pictureId: real.id })
    await check(real.id)
    expect(id).not.toBe(real.id)
    const { url } = await execute(getLogo, owner(), {})
    expect(url).toContain(`/pictures/organisations/${tenant.id}/${real.id}/square?`)
    expect((await execute(getMe, member(), {})).organisation.logo).toBe(url)
    expect((await fetch(url ?? '')).status).toBe(200)
    const organisation: PictureOwner = { kind: 'organisation', id: owner().orgId }
    await execute(removeLogo, owner(), {})
    expect((await execute(getMe, member(), {})).organisation.logo).toBe(null)
    await empty()
    expect(await inStore(real.id, organisation)).toEqual([])
    const last = await execute(uploadLogo, owner(), { name: 'logo.png', size: wide.length })
    await post(last.form, wide)
    await execute(completeLogo, owner(), { pictureId: last.id })
    await check(last.id)
    await sql('delete from organisations where id = $1', [tenant.id])
    await empty()
    expect(await inStore(last.id, organisation)).toEqual([])
  })

  it('is forgotten by what every organisation of a person keeps, by the names that they keep it under', async () => {
    const other = await createTenant()
    await sql("insert into memberships (org_id, user_id, role) values ($1, $2, 'viewer')", [
      other.id,
      member().userId,
    ])
    const id = await shown()
    const rows = await sql('select keys from cache_outbox where $1 = any(keys) order by id desc limit 1', [
      tagKeys({ orgId: other.people.owner.actor.orgId }, ['members'])[0],
    ])
    const expected = [member().orgId, other.people.owner.actor.orgId].flatMap((orgId) =>
      tagKeys({ orgId }, personTags(member().userId)),
    )
    expect([...rows[0].keys].sort()).toEqual(expected.sort())
    expect((await execute(listMembers, other.people.owner.actor, {})).items).toContainEqual(
      expect.objectContaining({ avatar: expect.stringContaining(id) }),
    )
  })

  it('is shown by nobody but a worker, and never to who shares no organisation', async () => {
    const id = await posted()
    const app = new pg.Client({ connectionString: appUrl })
    await app.connect()
    const tried = async (text: string, values: unknown[], as = tenant.id) => {
      await app.query('begin')
      await app.query("select set_config('app.org_id', $1, true)", [as])
      const outcome = await app.query(text, values).then(
        ({ rowCount }) => rowCount,
        (error: Error) => error.message,
      )
      await app.query('rollback')
      return outcome
    }
    expect(await tried('update users set avatar = $1 where id = $2', [id, member().userId])).toBe(
      'permission denied for table users',
    )
    expect(await tried("update picture_uploads set refused = 'type' where id = $1", [id])).toBe(
      'permission denied for table picture_uploads',
    )
    const stranger = await createTenant()
    for (const [whose, rows] of [
      [tenant.id, 1],
      [stranger.id, 0],
    ] as const)
      expect(await tried('select avatar from users where id = $1', [member().userId], whose)).toBe(rows)
    await app.end()
    const worker = new pg.Client({ connectionString: process.env.WORKER_DATABASE_URL })
    await worker.connect()
    await worker.query('begin')
    await worker.query("select set_config('app.org_id', $1, true)", [stranger.id])
    const changed = await worker.query('update users set avatar = $1 where id = $2', [id, member().userId])
    await worker.query('rollback')
    await worker.end()
    expect(changed.rowCount).toBe(0)
  })

  it('ends when it never comes, and is looked at again when its job is lost', async () => {
    const { id } = await execute(uploadAvatar, member(), { name: 'a.png', size: 10 })
    await sql("update picture_uploads set upload_until = now() - interval '1 second' where id = $1", [id])
    await expect(execute(completeAvatar, member(), { pictureId: id })).rejects.toMatchObject({
      kind: 'conflict',
    })
    await sweepPictures(pool)
    expect(await sql('select from picture_uploads where id = $1', [id])).toEqual([])
    const lost = await posted()
    await sql("update picture_uploads set uploaded_at = now() - interval '3 hours' where id = $1", [lost])
    await sweepPictures(pool)
    expect(
      await sql("select from outbox where topic = 'picture.check' and payload ->> 'pictureId' = $1", [lost]),
    ).toHaveLength(2)
    await sql(
      `update picture_uploads set created_at = now() - interval '11 days', uploaded_at = now() - interval '11 days',
         asked_again = 7 where id = $1`,
      [lost],
    )
    await sweepPictures(pool)
    // It says why for a day from then on.
    await sweepPictures(pool)
    expect((await execute(getAvatar, member(), {})).upload).toEqual({
      id: lost,
      state: 'refused',
      refused: 'broken',
    })
    await sql("update picture_uploads set refused_at = now() - interval '25 hours' where id = $1", [lost])
    await sweepPictures(pool)
    expect(await sql('select from picture_uploads where id = $1', [lost])).toEqual([])
  })

  it('is left as it was by a worker that stops: a check that it ends has not begun', async () => {
    const id = await posted()
    const store = await blobs()
    const { read } = store
    const stop = new AbortController()
    const reads = Promise.withResolvers<void>()
    store.read = () => {
      reads.resolve()
      return new Promise(() => {})
    }
    try {
      const checking = checkPicture(job(id), stop.signal)
      checking.catch(() => {})
      await reads.promise
      stop.abort(new Error('this worker stops'))
      await expect(checking).rejects.toThrow('this worker stops')
    } finally {
      store.read = read
    }
    expect(await sql('select checks_begun from picture_uploads where id = $1', [id])).toEqual([
      { checks_begun: 0 },
    ])
    await check(id)
    expect(await inStore(id)).toEqual(['square'])
  })

  it('is refused when checks of it have ended their worker five times, and not read any more', async () => {
    const id = await posted()
    await sql('update picture_uploads set checks_begun = 5 where id = $1', [id])
    await check(id)
    expect((await execute(getAvatar, member(), {})).upload).toEqual({
      id,
      state: 'refused',
      refused: 'broken',
    })
    expect(await inStore(id)).toEqual([])
  })
})
