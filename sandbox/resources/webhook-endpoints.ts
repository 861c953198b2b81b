import type { Metadata } from '../core/objects/base.ts'
import type { StripeEvent, WebhookEndpoint } from '../core/objects/events.ts'
import { apiVersion, type Sandbox } from '../core/sandbox.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { given, merged } from './metadata.ts'

type EndpointParams = {
  api_version?: string
  description?: string
  disabled?: boolean
  enabled_events?: string[]
  metadata?: Metadata | ''
  url?: string
}

export const webhookOperations = [
  operation<EndpointParams>(
    'POST /v1/webhook_endpoints',
    ['api_version', 'description', 'enabled_events', 'metadata', 'url'],
    (sandbox, params) => {
      const endpoint = addEndpoint(sandbox, params.url ?? '', params.enabled_events ?? ['*'], params)
      // Shown this once.
      return { ...endpoint, secret: sandbox.endpointSecrets.get(endpoint.id) }
    },
  ),
  operation<EndpointParams>(
    'POST /v1/webhook_endpoints/{webhook_endpoint}',
    ['description', 'disabled', 'enabled_events', 'metadata', 'url'],
    (sandbox, params, id = '') => {
      const endpoint = sandbox.get('webhook_endpoint', id)
      return sandbox.change('webhook_endpoint', id, {
        ...given(params, ['description', 'enabled_events', 'url']),
        ...(params.disabled === undefined ? {} : { status: params.disabled ? 'disabled' : 'enabled' }),
        metadata: merged(endpoint.metadata, params.metadata),
      })
    },
  ),
  retrieving('webhook_endpoint', 'GET /v1/webhook_endpoints/{webhook_endpoint}'),
  operation('DELETE /v1/webhook_endpoints/{webhook_endpoint}', [], (sandbox, _params, id = '') =>
    sandbox.remove('webhook_endpoint', id),
  ),
  listing('webhook_endpoint', 'GET /v1/webhook_endpoints'),
  retrieving('event', 'GET /v1/events/{id}'),
  listing<'event', { delivery_success: boolean; type: string; types: string[] }>(
    'event',
    'GET /v1/events',
    [],
    {
      delivery_success: (event, isDelivered) => (event.pending_webhooks === 0) === isDelivered,
      type: (event, type) => isOfType(event, type),
      types: (event, types) => types.some((type) => isOfType(event, type)),
    },
  ),
]

export function addEndpoint(
  sandbox: Sandbox,
  url: string,
  events: string[],
  params: EndpointParams = {},
): WebhookEndpoint {
  const endpoint = sandbox.create('webhook_endpoint', {
    api_version: params.api_version ?? apiVersion,
    description: params.description ?? null,
    enabled_events: events,
    metadata: merged({}, params.metadata),
    status: 'enabled',
    url,
  })
  sandbox.endpointSecrets.set(endpoint.id, `whsec_${sandbox.ids.text(32)}`)
  return endpoint
}

/** As Stripe matches them: with a star at the end, all that begin so. */
const isOfType = ({ type }: StripeEvent, wanted: string): boolean =>
  wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
