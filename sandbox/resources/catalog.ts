import type { Metadata } from '../core/objects/base.ts'
import type { Interval, Price, Product, Tier } from '../core/objects/catalog.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { given, merged } from './metadata.ts'

type ProductParams = {
  active?: boolean
  default_price?: string
  default_price_data?: Omit<PriceParams, 'product'>
  description?: string
  id?: string
  images?: string[] | ''
  marketing_features?: { name: string }[] | ''
  metadata?: Metadata | ''
  name?: string
  tax_code?: string
  unit_label?: string
  url?: string
}

type TierParams = {
  flat_amount?: number
  flat_amount_decimal?: string
  unit_amount?: number
  unit_amount_decimal?: string
  up_to: number | 'inf'
}

export type PriceParams = {
  active?: boolean
  billing_scheme?: Price['billing_scheme']
  currency: string
  lookup_key?: string
  metadata?: Metadata | ''
  nickname?: string
  product?: string
  product_data?: { id?: string; name: string; metadata?: Metadata; unit_label?: string; tax_code?: string }
  recurring?: {
    interval: Interval
    interval_count?: number
    meter?: string
    usage_type?: 'licensed' | 'metered'
  }
  tax_behavior?: Price['tax_behavior']
  tiers?: TierParams[]
  tiers_mode?: 'graduated' | 'volume'
  transfer_lookup_key?: boolean
  transform_quantity?: { divide_by: number; round: 'down' | 'up' }
  unit_amount?: number
  unit_amount_decimal?: string
}

type PriceChoices = {
  lookup_keys: string[]
  recurring: { interval?: Interval; meter?: string; usage_type?: string }
}

const productFields = [
  'active',
  'description',
  'images',
  'marketing_features',
  'metadata',
  'name',
  'tax_code',
  'unit_label',
  'url',
] as const

const priceFields = [
  'active',
  'billing_scheme',
  'currency',
  'lookup_key',
  'metadata',
  'nickname',
  'product',
  'product_data',
  'recurring',
  'tax_behavior',
  'tiers',
  'tiers_mode',
  'transfer_lookup_key',
  'transform_quantity',
  'unit_amount',
  'unit_amount_decimal',
] as const

export const catalogOperations = [
  operation<ProductParams>(
    'POST /v1/products',
    [...productFields, 'id', 'default_price_data'],
    createProduct,
  ),
  operation<ProductParams>(
    'POST /v1/products/{id}',
    [...productFields, 'default_price'],
    (sandbox, params, id = '') => {
      const product = sandbox.get('product', id)
      const { default_price: price, metadata } = params
      if (price) sandbox.get('price', price, 'default_price')
      return sandbox.change('product', id, {
        ...productFieldsOf(params),
        ...(price === undefined ? {} : { default_price: price || null }),
        metadata: merged(product.metadata, metadata),
        updated: sandbox.clock.now,
      })
    },
  ),
  retrieving('product', 'GET /v1/products/{id}'),
  operation('DELETE /v1/products/{id}', [], (sandbox, _params, id = '') => {
    for (const price of sandbox.table('price').newestFirst()) {
      if (price.product === id)
        throw invalid('This product cannot be deleted because it has one or more user-created prices.', 'id')
    }
    return sandbox.remove('product', id)
  }),
  listing<'product', { ids: string[] }>('product', 'GET /v1/products', ['active', 'url'], {
    ids: (product, ids) => ids.includes(product.id),
  }),
  operation<PriceParams>('POST /v1/prices', priceFields, createPrice),
  operation<Partial<PriceParams>>(
    'POST /v1/prices/{price}',
    ['active', 'lookup_key', 'metadata', 'nickname', 'tax_behavior', 'transfer_lookup_key'],
    (sandbox, params, id = '') => {
      const price = sandbox.get('price', id)
      if (params.lookup_key && params.lookup_key !== price.lookup_key)
        claimLookupKey(sandbox, params.lookup_key, params.transfer_lookup_key ?? false)
      return sandbox.change('price', id, {
        ...given(params, ['active', 'nickname', 'tax_behavior']),
        ...(params.lookup_key === undefined ? {} : { lookup_key: params.lookup_key || null }),
        metadata: merged(price.metadata, params.metadata),
      })
    },
  ),
  retrieving('price', 'GET /v1/prices/{price}'),
  listing<'price', PriceChoices>('price', 'GET /v1/prices', ['active', 'currency', 'product', 'type'], {
    lookup_keys: (price, keys) => keys.includes(price.lookup_key ?? ''),
    recurring: ({ recurring }, { interval, meter, usage_type: usage }) =>
      (interval === undefined || recurring?.interval === interval) &&
      (meter === undefined || recurring?.meter === meter) &&
      (usage === undefined || recurring?.usage_type === usage),
  }),
]

function createProduct(sandbox: Sandbox, params: ProductParams): Product {
  const { id, default_price_data: priceData, metadata } = params
  if (id !== undefined && sandbox.find('product', id))
    throw invalid(`Product already exists.`, 'id', 'resource_already_exists')
  const product = sandbox.create('product', {
    active: true,
    images: [],
    marketing_features: [],
    ...(id === undefined ? {} : { id }),
    ...productFieldsOf(params),
    metadata: merged({}, metadata),
    updated: sandbox.clock.now,
  } as Partial<Product>)
  if (!priceData) return product
  const price = createPrice(sandbox, { ...priceData, product: product.id })
  return sandbox.change('product', product.id, { default_price: price.id })
}

const productFieldsOf = (params: ProductParams): Partial<Product> => ({
  ...given(params, ['active', 'name']),
  ...(params.description === undefined ? {} : { description: params.description || null }),
  ...(params.images === undefined ? {} : { images: params.images || [] }),
  ...(params.marketing_features === undefined ? {} : { marketing_features: params.marketing_features || [] }),
  ...(params.tax_code === undefined ? {} : { tax_code: params.tax_code || null }),
  ...(params.unit_label === undefined ? {} : { unit_label: params.unit_label || null }),
  ...(params.url === undefined ? {} : { url: params.url || null }),
})

/** @throws StripeError where what makes the amount is missing, or given twice */
export function createPrice(sandbox: Sandbox, params: PriceParams): Price {
  const {
    recurring,
    product,
    product_data: productData,
    tiers,
    unit_amount: unit,
    unit_amount_decimal: decimal,
  } = params
  if ((product === undefined) === (productData === undefined))
    throw invalid('You must pass exactly one of product or product_data.', 'product', 'parameter_missing')
  if (product !== undefined) sandbox.get('product', product, 'product')
  const scheme = params.billing_scheme ?? 'per_unit'
  if (scheme === 'tiered' && (!tiers || !params.tiers_mode))
    throw invalid(
      'You must pass tiers and tiers_mode with billing_scheme=tiered.',
      'tiers',
      'parameter_missing',
    )
  if (scheme === 'per_unit' && (unit === undefined) === (decimal === undefined))
    throw invalid(
      'You must pass exactly one of unit_amount or unit_amount_decimal.',
      'unit_amount',
      'parameter_missing',
    )
  if (unit !== undefined && unit < 0)
    throw invalid(
      'This value must be greater than or equal to 0.',
      'unit_amount',
      'parameter_invalid_integer',
    )
  const { meter } = recurring ?? {}
  if (recurring?.usage_type === 'metered' && meter === undefined)
    throw invalid(
      'Metered prices must be backed by a meter: pass recurring[meter].',
      'recurring[meter]',
      'parameter_missing',
    )
  if (meter !== undefined) sandbox.get('billing.meter', meter, 'recurring[meter]')
  if (params.lookup_key) claimLookupKey(sandbox, params.lookup_key, params.transfer_lookup_key ?? false)
  const unitDecimal = decimal ?? (unit === undefined ? null : String(unit))
  const price = sandbox.create('price', {
    active: params.active ?? true,
    billing_scheme: scheme,
    currency: params.currency.toLowerCase(),
    lookup_key: params.lookup_key ?? null,
    metadata: merged({}, params.metadata),
    nickname: params.nickname ?? null,
    product: product ?? createProduct(sandbox, productData ?? {}).id,
    recurring: recurring
      ? {
          interval: recurring.interval,
          interval_count: recurring.interval_count ?? 1,
          meter: meter ?? null,
          usage_type: recurring.usage_type ?? 'licensed',
        }
      : null,
    tax_behavior: params.tax_behavior ?? 'unspecified',
    tiers_mode: params.tiers_mode ?? null,
    transform_quantity: params.transform_quantity ?? null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: unit ?? (unitDecimal !== null && /^\d+$/.test(unitDecimal) ? Number(unitDecimal) : null),
    unit_amount_decimal: unitDecimal,
  })
  if (tiers) sandbox.priceTiers.set(price.id, tiers.map(tierOf))
  return price
}

function claimLookupKey(sandbox: Sandbox, key: string, takesOver: boolean): void {
  for (const price of sandbox.table('price').newestFirst()) {
    if (price.lookup_key !== key) continue
    if (!takesOver)
      throw invalid(
        `A price (\`${price.id}\`) already uses that lookup key.`,
        'lookup_key',
        'resource_already_exists',
      )
    sandbox.change('price', price.id, { lookup_key: null })
  }
}

const tierOf = ({ up_to: upTo, ...tier }: TierParams): Tier => {
  const decimal = (amount: number | undefined) => (amount === undefined ? null : String(amount))
  return {
    flat_amount: tier.flat_amount ?? null,
    flat_amount_decimal: tier.flat_amount_decimal ?? decimal(tier.flat_amount),
    unit_amount: tier.unit_amount ?? null,
    unit_amount_decimal: tier.unit_amount_decimal ?? decimal(tier.unit_amount),
    up_to: upTo === 'inf' ? null : upTo,
  }
}
