import { z } from 'zod'
import { account } from '../accounts/transaction.ts'
import { forgetIn, record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { personTags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { newPicture, Picture, PictureUpload } from './shapes.ts'
import { avatarOf, beginPicture, completePicture, pictureOf } from './uploads.ts'

export const getAvatar = operation({
  name: 'avatar.get',
  rest: 'GET /v1/me/avatar',
  summary: 'Your picture, and the state of one that you have just uploaded',
  allow: 'viewer',
  peopleOnly: true,
  input: z.strictObject({}),
  output: Picture,
  async run(actor) {
    const [row] = await tenantDb(actor).read(
      (db) => db.$queryRaw<{ avatar: string | null }[]>`
        select avatar from users where id = ${actor.userId}::uuid`,
    )
    if (!row) throw notFound('user')
    return pictureOf(actor, avatarOf(actor), row.avatar)
  },
})

export const uploadAvatar = operation({
  name: 'avatar.upload',
  rest: 'POST /v1/me/avatar',
  summary: 'Begins to upload a picture of you, of up to 2 MiB; its bytes go straight to the object store',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  // avatar.complete says it.
  audited: false,
  input: z.strictObject(newPicture),
  output: PictureUpload,
  run: (actor, picture) => tenantDb(actor).transaction((tx) => beginPicture(tx, avatarOf(actor), picture)),
})

export const completeAvatar = operation({
  name: 'avatar.complete',
  rest: 'POST /v1/me/avatar/:pictureId/complete',
  summary: 'Says that your picture was posted: it is checked, and then shown to the people you work with',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  input: z.strictObject({ pictureId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { pictureId }) =>
    tenantDb(actor).transaction(async (tx) => {
      await completePicture(tx, actor, avatarOf(actor), pictureId)
      record(`user ${actor.userId}`, null, { avatar: pictureId })
      return { id: pictureId }
    }),
})

export const removeAvatar = operation({
  name: 'avatar.remove',
  rest: 'DELETE /v1/me/avatar',
  summary: 'Takes your picture away: your initials are shown again',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  input: z.strictObject({}),
  output: z.strictObject({}),
  async run({ userId }) {
    await account().query('delete from picture_uploads where user_id = $1', [userId])
    await account().query('update users set avatar = null where id = $1', [userId])
    record(`user ${userId}`, null, { avatar: null })
    const { rows } = await account().query('select org_id from memberships where user_id = $1', [userId])
    for (const { org_id } of rows) forgetIn(org_id, ...personTags(userId))
    return {}
  },
})
