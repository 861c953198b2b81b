import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { record } from '../effects.ts'
import { Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { IdCursor, listSize, pageOf, pageOfItems } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { lines } from '../text.ts'
import { newSecret, requireKeys, sealedSecret } from './secret.ts'
import { Events, NewWebhook, noSuchWebhook, Url, Webhook, webhookColumns, webhookOf } from './shapes.ts'

/** So many can an organisation have. */
const mostWebhooks = 10
/** So long the secret before signs as well. */
const previousSecretHours = 24

const description = lines(200)

export const listWebhooks = operation({
  name: 'webhook.list',
  rest: 'GET /v1/webhooks',
  summary: 'The webhooks of your organisation, without their secrets, latest first',
  allow: 'admin',
  input: z.strictObject({ cursor: IdCursor, limit: listSize }),
  output: pageOfItems(Webhook),
  async run(actor, { cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.webhookEndpoint.findMany({
        relationLoadStrategy: 'join',
        where: cursor ? { id: { lt: cursor } } : {},
        orderBy: { id: 'desc' },
        take: limit + 1,
        select: webhookColumns,
      }),
    )
    return pageOf(rows, limit, webhookOf, ({ id }) => id)
  },
})

export const getWebhook = operation({
  name: 'webhook.get',
  rest: 'GET /v1/webhooks/:webhookId',
  summary: 'One webhook, without its secret',
  allow: 'admin',
  input: z.strictObject({ webhookId: Id }),
  output: Webhook,
  run: (actor, { webhookId }) => tenantDb(actor).read((db) => known(db, webhookId)),
})

export const createWebhook = operation({
  name: 'webhook.create',
  rest: 'POST /v1/webhooks',
  summary:
    'Has an address told of what happens in your organisation, and shows the secret that signs it this once',
  allow: 'admin',
  needs: 'webhooks',
  needsProof: true,
  // Of several at the same time no more than the last place is given.
  locks: 'organisation',
  secret: true,
  input: z.strictObject({ url: Url, events: Events, description: description.default('') }),
  output: NewWebhook,
  run: (actor, input) =>
    tenantDb(actor).transaction(async (tx) => {
      const secret = newSecret()
      const sealed = sealedSecret(actor, secret)
      if ((await tx.webhookEndpoint.count()) >= mostWebhooks)
        throw new Problem(
          'conflict',
          `Your organisation has ${mostWebhooks} webhooks, which is as many as there can be. Remove one first.`,
        )
      const row = await tx.webhookEndpoint.create({
        data: { ...input, orgId: actor.orgId, secret: sealed, createdBy: actor.userId },
        select: webhookColumns,
      })
      const webhook = webhookOf(row)
      record(`webhook ${webhook.id}`, null, webhook)
      return { ...webhook, secret }
    }),
})

export const updateWebhook = operation({
  name: 'webhook.update',
  rest: 'PATCH /v1/webhooks/:webhookId',
  summary: 'Changes a webhook, or turns it off and on again',
  allow: 'admin',
  needs: 'webhooks',
  input: z.strictObject({
    webhookId: Id,
    url: Url.optional(),
    events: Events.optional(),
    description: description.optional(),
    enabled: z.boolean().optional(),
  }),
  output: Webhook,
  run: (actor, { webhookId, enabled, ...values }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await known(tx, webhookId)
      const turned = enabled === undefined || enabled === before.enabled ? {} : switched(enabled)
      const row = await tx.webhookEndpoint.update({
        where: { orgId_id: { orgId: actor.orgId, id: webhookId } },
        data: { ...values, ...turned, updatedAt: new Date() },
        select: webhookColumns,
      })
      if (before.enabled && enabled === false) await stopWaiting(tx, webhookId)
      const after = webhookOf(row)
      record(`webhook ${webhookId}`, before, after)
      return after
    }),
})

/** What it missed while it was off counts no more. */
const switched = (enabled: boolean) =>
  enabled
    ? { disabledAt: null, disabledBecause: null, failingSince: null }
    : { disabledAt: new Date(), disabledBecause: 'person' }

/** What still waited for a webhook that is off is not sent any more, unless somebody asks for it. */
export const stopWaiting = (tx: Pick<Transaction, '$executeRaw'>, webhookId: string): Promise<number> =>
  tx.$executeRaw`
    update webhook_deliveries set state = 'failed', next_at = null, ask_at = null
    where org_id = (select current_org_id()) and endpoint_id = ${webhookId}::uuid and state = 'waiting'`

export const removeWebhook = operation({
  name: 'webhook.remove',
  rest: 'DELETE /v1/webhooks/:webhookId',
  summary: 'Removes a webhook with the log of its deliveries',
  allow: 'admin',
  evenReadOnly: true,
  input: z.strictObject({ webhookId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { webhookId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await known(tx, webhookId)
      await tx.webhookEndpoint.deleteMany({ where: { id: webhookId } })
      record(`webhook ${webhookId}`, before, null)
      return { id: webhookId }
    }),
})

export const rotateSecret = operation({
  name: 'webhook.rotateSecret',
  rest: 'POST /v1/webhooks/:webhookId/secret',
  summary: `Gives a webhook a new secret and shows it this once; the one before signs as well for ${previousSecretHours} hours`,
  allow: 'admin',
  needs: 'webhooks',
  needsProof: true,
  locks: 'organisation',
  secret: true,
  input: z.strictObject({ webhookId: Id }),
  output: NewWebhook,
  run: (actor, { webhookId }) =>
    tenantDb(actor).transaction(async (tx) => {
      requireKeys()
      const row = await tx.webhookEndpoint.findFirst({
        where: { id: webhookId },
        select: { ...webhookColumns, secret: true },
      })
      if (!row) throw noSuchWebhook()
      const secret = newSecret()
      const until = new Date(Date.now() + previousSecretHours * 3_600_000)
      const updated = await tx.webhookEndpoint.update({
        where: { orgId_id: { orgId: actor.orgId, id: webhookId } },
        data: {
          secret: sealedSecret(actor, secret),
          previousSecret: row.secret,
          previousUntil: until,
          updatedAt: new Date(),
        },
        select: webhookColumns,
      })
      const after = webhookOf(updated)
      record(`webhook ${webhookId}`, webhookOf(row), after)
      return { ...after, secret }
    }),
})

/** @throws Problem notFound */
async function known(db: Pick<Transaction, 'webhookEndpoint'>, webhookId: string): Promise<Webhook> {
  const row = await db.webhookEndpoint.findFirst({
    relationLoadStrategy: 'join',
    where: { id: webhookId },
    select: webhookColumns,
  })
  if (!row) throw noSuchWebhook()
  return webhookOf(row)
}
