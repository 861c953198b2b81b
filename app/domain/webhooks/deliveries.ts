import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { enqueue, record } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { runtime, tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { type Happened, testType } from './events.ts'
import { deliveryTopic, unlessLost } from './job.ts'
import { requireKeys } from './secret.ts'
import { DeliveryState, deliveryColumns, deliveryOf, noSuchWebhook, WebhookDelivery } from './shapes.ts'

/** Of the tries of a delivery so many are shown, the latest. */
const triesShown = 20
/** So long the log goes back. */
export const keptDays = 30

export const listDeliveries = operation({
  name: 'webhook.deliveries',
  rest: 'GET /v1/webhooks/:webhookId/deliveries',
  summary: `What was sent to a webhook in the last ${keptDays} days, and what came of it, latest first`,
  allow: 'admin',
  input: z.strictObject({
    webhookId: Id,
    state: DeliveryState.optional(),
    cursor: IdCursor,
    limit: pageSize,
  }),
  output: pageOfItems(WebhookDelivery),
  async run(actor, { webhookId, state, cursor, limit }) {
    const row = await tenantDb(actor).read((db) =>
      db.webhookEndpoint.findFirst({
        relationLoadStrategy: 'join',
        where: { id: webhookId },
        select: {
          deliveries: {
            where: { ...(state ? { state } : {}), ...(cursor ? { id: { lt: cursor } } : {}) },
            orderBy: { id: 'desc' },
            take: limit + 1,
            select: deliveryColumns,
          },
        },
      }),
    )
    if (!row) throw noSuchWebhook()
    return pageOf(row.deliveries, limit, deliveryOf, ({ id }) => id)
  },
})

const Attempt = z.object({
  number: z.number().int(),
  at: z.iso.datetime(),
  durationMs: z.number().int(),
  status: z.number().int().nullable(),
  error: z.string().nullable(),
  /** How the answer begins. */
  response: z.string(),
})

export const getDelivery = operation({
  name: 'webhook.delivery',
  rest: 'GET /v1/webhook-deliveries/:deliveryId',
  summary: 'One delivery with what was sent, and its tries, latest first',
  allow: 'admin',
  input: z.strictObject({ deliveryId: Id }),
  output: WebhookDelivery.extend({ body: z.string(), tries: z.array(Attempt) }).meta({
    id: 'WebhookDeliveryDetails',
  }),
  async run(actor, { deliveryId }) {
    const row = await tenantDb(actor).read((db) =>
      db.webhookDelivery.findFirst({
        relationLoadStrategy: 'join',
        where: { id: deliveryId },
        select: {
          ...deliveryColumns,
          event: { select: { type: true, body: true } },
          tries: {
            orderBy: { number: 'desc' },
            take: triesShown,
            select: { number: true, at: true, durationMs: true, status: true, error: true, response: true },
          },
        },
      }),
    )
    if (!row) throw notFound('delivery')
    const tries = row.tries.map(({ at, ...each }) => ({ ...each, at: at.toISOString() }))
    return { ...deliveryOf(row), body: row.event.body, tries }
  },
})

export const testWebhook = operation({
  name: 'webhook.test',
  rest: 'POST /v1/webhooks/:webhookId/test',
  summary: `Sends a webhook an event of the type ${testType}`,
  allow: 'admin',
  needs: 'webhooks',
  input: z.strictObject({ webhookId: Id }),
  output: WebhookDelivery,
  run: (actor, { webhookId }) =>
    tenantDb(actor).transaction(async (tx) => {
      requireKeys()
      const webhook = await tx.webhookEndpoint.findFirst({
        where: { id: webhookId },
        select: { disabledAt: true },
      })
      if (!webhook) throw noSuchWebhook()
      if (webhook.disabledAt) throw isOff()
      const happened: Happened = {
        type: testType,
        timestamp: new Date().toISOString(),
        data: { webhookId, origin: runtime().env.ORIGIN },
      }
      const event = await tx.webhookEvent.create({
        data: { orgId: actor.orgId, id: randomUUID(), type: testType, body: JSON.stringify(happened) },
        select: { id: true },
      })
      const delivery = await tx.webhookDelivery.create({
        data: {
          orgId: actor.orgId,
          eventId: event.id,
          endpointId: webhookId,
          nextAt: new Date(),
          askAt: unlessLost(),
        },
        select: deliveryColumns,
      })
      enqueue(actor, deliveryTopic, { deliveryId: delivery.id, attempt: 0 })
      record(`webhook ${webhookId}`, null, { deliveryId: delivery.id })
      return deliveryOf(delivery)
    }),
})

export const resendDelivery = operation({
  name: 'webhook.resend',
  rest: 'POST /v1/webhook-deliveries/:deliveryId/resend',
  summary: 'Sends a delivery once more, now, under the same id; where it fails its retries begin anew',
  allow: 'admin',
  needs: 'webhooks',
  input: z.strictObject({ deliveryId: Id }),
  output: WebhookDelivery,
  run: (actor, { deliveryId }) =>
    tenantDb(actor).transaction(async (tx) => {
      requireKeys()
      const before = await tx.webhookDelivery.findFirst({
        relationLoadStrategy: 'join',
        where: { id: deliveryId },
        select: { ...deliveryColumns, endpoint: { select: { disabledAt: true } } },
      })
      if (!before) throw notFound('delivery')
      if (before.endpoint.disabledAt) throw isOff()
      const row = await tx.webhookDelivery.update({
        where: { orgId_id: { orgId: actor.orgId, id: deliveryId } },
        data: { state: 'waiting', retries: 0, nextAt: new Date(), askAt: unlessLost() },
        select: deliveryColumns,
      })
      enqueue(actor, deliveryTopic, { deliveryId, attempt: row.attempts })
      record(`webhook ${row.endpointId}`, null, { deliveryId })
      return deliveryOf(row)
    }),
})

const isOff = () => new Problem('conflict', 'This webhook is disabled. Enable it first.')
