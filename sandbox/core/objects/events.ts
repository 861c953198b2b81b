import type { Base, Metadata } from './base.ts'

export type WebhookEndpoint = Base<'webhook_endpoint'> & {
  api_version: string | null
  description: string | null
  enabled_events: string[]
  metadata: Metadata
  status: 'disabled' | 'enabled'
  url: string
}

export type StripeEvent = Base<'event'> & {
  api_version: string
  data: { object: object; previous_attributes?: object }
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null } | null
  type: string
}
