import type { Metadata } from '../core/objects/base.ts'
import type { PortalConfiguration, PortalSession } from '../core/objects/hosted.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { blank } from '../openapi/blank.ts'
import type { Checkout } from './checkout-completion.ts'
import { merged } from './metadata.ts'
import { attachMethod, methodOfCard } from './payment-methods.ts'

type ConfigurationParams = {
  active?: boolean
  default_return_url?: string
  features?: Record<string, object>
  metadata?: Metadata | ''
  name?: string
}

export const portalOperations = [
  operation<{ configuration?: string; customer?: string; locale?: string; return_url?: string }>(
    'POST /v1/billing_portal/sessions',
    ['configuration', 'customer', 'locale', 'return_url'],
    openPortal,
  ),
  operation<ConfigurationParams>(
    'POST /v1/billing_portal/configurations',
    ['default_return_url', 'features', 'metadata', 'name'],
    (sandbox, params) => configure(sandbox, params, false),
  ),
  operation<ConfigurationParams>(
    'POST /v1/billing_portal/configurations/{configuration}',
    ['active', 'default_return_url', 'features', 'metadata', 'name'],
    (sandbox, params, id = '') => {
      const before = sandbox.get('billing_portal.configuration', id)
      return sandbox.change('billing_portal.configuration', id, {
        active: params.active ?? before.active,
        default_return_url: params.default_return_url ?? before.default_return_url,
        features: laidOver(before.features, params.features ?? {}),
        metadata: merged(before.metadata, params.metadata),
        ...(params.name === undefined ? {} : { name: params.name }),
        updated: sandbox.clock.now,
      } as Partial<PortalConfiguration>)
    },
  ),
  retrieving('billing_portal.configuration', 'GET /v1/billing_portal/configurations/{configuration}'),
  listing('billing_portal.configuration', 'GET /v1/billing_portal/configurations', ['active', 'is_default']),
]

/** What a customer types on the portal's page: the card that pays from now on. */
export function changeCard(sandbox: Sandbox, customerId: string, card: Checkout['card']): void {
  const customer = sandbox.get('customer', customerId)
  const method = methodOfCard(sandbox, card, { email: customer.email, name: customer.name })
  attachMethod(sandbox, method.id, customerId)
  sandbox.change('customer', customerId, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: method.id },
  })
  for (const subscription of [...sandbox.table('subscription').newestFirst()]) {
    if (subscription.customer === customerId && subscription.default_payment_method !== null)
      sandbox.change('subscription', subscription.id, { default_payment_method: method.id })
  }
}

function openPortal(
  sandbox: Sandbox,
  params: { configuration?: string; customer?: string; locale?: string; return_url?: string },
): PortalSession {
  const { id: customer } = sandbox.get('customer', params.customer, 'customer')
  const configuration =
    params.configuration === undefined
      ? defaultConfiguration(sandbox)
      : sandbox.get('billing_portal.configuration', params.configuration, 'configuration')
  const id = sandbox.ids.next('bps')
  const session = sandbox.create('billing_portal.session', {
    id,
    configuration: configuration.id,
    customer,
    locale: params.locale ?? null,
    return_url: params.return_url ?? configuration.default_return_url,
    url: `${sandbox.origin}/portal/${id}`,
  } as Partial<PortalSession>)
  sandbox.emit('billing_portal.session.created', session)
  return session
}

function defaultConfiguration(sandbox: Sandbox): PortalConfiguration {
  for (const configuration of sandbox.table('billing_portal.configuration').newestFirst()) {
    if (configuration.is_default) return configuration
  }
  return configure(sandbox, {}, true)
}

/** What the portal lets a customer do; all that the sandbox's page offers, unless said otherwise. */
function configure(sandbox: Sandbox, params: ConfigurationParams, isDefault: boolean): PortalConfiguration {
  const { features } = blank('billing_portal.configuration') as { features: object }
  const offered = {
    invoice_history: { enabled: true },
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: true, mode: 'at_period_end', proration_behavior: 'none' },
  }
  return sandbox.create('billing_portal.configuration', {
    active: true,
    default_return_url: params.default_return_url ?? null,
    features: laidOver(laidOver(features, offered), params.features ?? {}),
    is_default: isDefault,
    metadata: merged({}, params.metadata),
    name: params.name ?? null,
    updated: sandbox.clock.now,
  } as Partial<PortalConfiguration>)
}

/** Objects field by field, everything else whole; empty text takes a value away. */
function laidOver(below: object, above: object): object {
  const under = below as Record<string, unknown>
  const laid = Object.entries(above).map(([key, value]) => {
    const before = under[key]
    if (value === '') return [key, Array.isArray(before) ? [] : null]
    return [key, isObject(value) && isObject(before) ? laidOver(before, value) : value]
  })
  return { ...below, ...Object.fromEntries(laid) }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
