import { z } from 'zod'
import { notFound } from '../errors.ts'
import { runtime } from '../runtime.ts'
import { Id, Person } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { faultOfUrl } from './address.ts'
import { EventType, eventTypes, messageId } from './events.ts'

const DisabledBecause = z.enum(['person', 'failing', 'gone'])

export const Webhook = z
  .object({
    id: Id,
    url: z.string(),
    description: z.string(),
    events: z.array(EventType),
    enabled: z.boolean(),
    /** By a person, since nothing arrived for days, or since the receiver said that it is gone (410). */
    disabledBecause: DisabledBecause.nullable(),
    disabledAt: z.iso.datetime().nullable(),
    /** Since when nothing has arrived. */
    failingSince: z.iso.datetime().nullable(),
    /** Until then the secret before the present one signs as well. */
    previousSecretUntil: z.iso.datetime().nullable(),
    createdBy: Person.nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof Webhook>

export const NewWebhook = Webhook.extend({ secret: z.string() }).meta({ id: 'NewWebhook' })

export const webhookColumns = {
  id: true,
  url: true,
  description: true,
  events: true,
  previousUntil: true,
  disabledAt: true,
  disabledBecause: true,
  failingSince: true,
  creator: { select: { id: true, name: true } },
  createdAt: true,
  updatedAt: true,
} as const

export type WebhookRow = {
  id: string
  url: string
  description: string
  events: string[]
  previousUntil: Date | null
  disabledAt: Date | null
  disabledBecause: string | null
  failingSince: Date | null
  creator: z.infer<typeof Person> | null
  createdAt: Date
  updatedAt: Date
}

export const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  url: row.url,
  description: row.description,
  // A type that this version does not know any more is told of no more.
  events: eventTypes.filter((type) => row.events.includes(type)),
  enabled: row.disabledAt === null,
  disabledBecause: DisabledBecause.nullable().parse(row.disabledBecause),
  disabledAt: iso(row.disabledAt),
  failingSince: iso(row.failingSince),
  previousSecretUntil: row.previousUntil && row.previousUntil > new Date() ? iso(row.previousUntil) : null,
  createdBy: row.creator,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

export const DeliveryState = z.enum(['waiting', 'delivered', 'failed'])
export type DeliveryState = z.infer<typeof DeliveryState>

export const WebhookDelivery = z
  .object({
    id: Id,
    webhookId: Id,
    /** `webhook-id` of the message. */
    messageId: z.string(),
    type: z.string(),
    state: DeliveryState,
    attempts: z.number().int(),
    lastAt: z.iso.datetime().nullable(),
    /** What the receiver answered last; null where it did not. */
    lastStatus: z.number().int().nullable(),
    lastError: z.string().nullable(),
    nextAttemptAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'WebhookDelivery' })
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

export const deliveryColumns = {
  id: true,
  endpointId: true,
  eventId: true,
  event: { select: { type: true } },
  state: true,
  attempts: true,
  lastAt: true,
  lastStatus: true,
  lastError: true,
  nextAt: true,
  createdAt: true,
} as const

export type DeliveryRow = {
  id: string
  endpointId: string
  eventId: string
  event: { type: string }
  state: string
  attempts: number
  lastAt: Date | null
  lastStatus: number | null
  lastError: string | null
  nextAt: Date | null
  createdAt: Date
}

export const deliveryOf = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  webhookId: row.endpointId,
  messageId: messageId(row.eventId),
  type: row.event.type,
  state: DeliveryState.parse(row.state),
  attempts: row.attempts,
  lastAt: iso(row.lastAt),
  lastStatus: row.lastStatus,
  lastError: row.lastError,
  nextAttemptAt: iso(row.nextAt),
  createdAt: row.createdAt.toISOString(),
})

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

/** Where it is sent. What a name leads to is looked at when something is sent. */
export const Url = line(2_000).superRefine((text, context) => {
  const fault = faultOfUrl(text, runtime().env.WEBHOOKS_ALLOW_PRIVATE)
  if (fault !== null) context.addIssue({ code: 'custom', message: fault })
})

export const Events = z
  .array(EventType)
  .min(1, 'must name at least one type of event')
  .max(eventTypes.length, 'must name each type of event once')
  .refine((types) => new Set(types).size === types.length, 'must name each type of event once')

export const noSuchWebhook = () => notFound('webhook')
