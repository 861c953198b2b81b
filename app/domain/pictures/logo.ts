import { z } from 'zod'
import { forget, record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { newPicture, Picture, PictureUpload } from './shapes.ts'
import { beginPicture, completePicture, endUploads, logoFor, pictureOf } from './uploads.ts'

export const getLogo = operation({
  name: 'logo.get',
  rest: 'GET /v1/organisation/logo',
  summary: "Your organisation's logo, and the state of one that was just uploaded",
  allow: 'admin',
  input: z.strictObject({}),
  output: Picture,
  async run(actor) {
    const [row] = await tenantDb(actor).read(
      (db) => db.$queryRaw<{ logo: string | null }[]>`
        select logo from organisations where id = (select current_org_id())`,
    )
    if (!row) throw notFound('organisation')
    return pictureOf(actor, logoFor(actor), row.logo)
  },
})

export const uploadLogo = operation({
  name: 'logo.upload',
  rest: 'POST /v1/organisation/logo',
  summary:
    'Begins to upload a logo of your organisation, of up to 2 MiB; its bytes go straight to the object store',
  allow: 'admin',
  // logo.complete says it.
  audited: false,
  input: z.strictObject(newPicture),
  output: PictureUpload,
  run: (actor, picture) => tenantDb(actor).transaction((tx) => beginPicture(tx, logoFor(actor), picture)),
})

export const completeLogo = operation({
  name: 'logo.complete',
  rest: 'POST /v1/organisation/logo/:pictureId/complete',
  summary: 'Says that the logo was posted: it is checked, and then shown',
  allow: 'admin',
  input: z.strictObject({ pictureId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { pictureId }) =>
    tenantDb(actor).transaction(async (tx) => {
      await completePicture(tx, actor, logoFor(actor), pictureId)
      record(`organisation ${actor.orgId}`, null, { logo: pictureId })
      return { id: pictureId }
    }),
})

export const removeLogo = operation({
  name: 'logo.remove',
  rest: 'DELETE /v1/organisation/logo',
  summary: "Takes your organisation's logo away: its initials are shown again",
  allow: 'admin',
  input: z.strictObject({}),
  output: z.strictObject({}),
  run: (actor) =>
    tenantDb(actor).transaction(async (tx) => {
      await endUploads(tx, logoFor(actor))
      await tx.$executeRaw`update organisations set logo = null where id = (select current_org_id())`
      record(`organisation ${actor.orgId}`, null, { logo: null })
      forget(tags.organisation)
      return {}
    }),
})
