import type { TaxId } from '../core/objects/customers.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missing } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listOf, type PageParams } from '../http/pages.ts'

type TaxIdParams = { type: string; value: string }

/** How the ids of some countries look. Others are taken as they are. */
const patterns: Record<string, RegExp> = {
  eu_vat: /^[A-Z]{2}[0-9A-Z]{2,12}$/,
  gb_vat: /^GB(\d{9}|\d{12})$/,
  us_ein: /^\d{2}-\d{7}$/,
  ch_vat: /^CHE-?\d{3}\.?\d{3}\.?\d{3}( (MWST|TVA|IVA))?$/,
}

export const taxIdOperations = [
  operation<TaxIdParams>(
    'POST /v1/customers/{customer}/tax_ids',
    ['type', 'value'],
    (sandbox, params, customer = '') => {
      sandbox.get('customer', customer)
      return addTaxId(sandbox, customer, params)
    },
  ),
  operation('GET /v1/customers/{customer}/tax_ids/{id}', [], (sandbox, _params, customer = '', id = '') =>
    ofCustomer(sandbox, customer, id),
  ),
  operation('DELETE /v1/customers/{customer}/tax_ids/{id}', [], (sandbox, _params, customer = '', id = '') =>
    sandbox.remove('tax_id', ofCustomer(sandbox, customer, id).id),
  ),
  operation<PageParams>('GET /v1/customers/{customer}/tax_ids', [], (sandbox, params, customer = '') =>
    taxIdsOf(sandbox, sandbox.get('customer', customer).id, params),
  ),
]

export const taxIdsOf = (sandbox: Sandbox, customer: string, params: PageParams = {}) =>
  listOf(
    sandbox,
    'tax_id',
    `/v1/customers/${customer}/tax_ids`,
    params,
    (taxId) => taxId.customer === customer,
  )

export function addTaxId(sandbox: Sandbox, customer: string, { type, value }: TaxIdParams): TaxId {
  if (patterns[type] && !patterns[type].test(value))
    throw invalid(`Invalid value for ${type}.`, 'value', 'tax_id_invalid')
  return sandbox.create(
    'tax_id',
    {
      country: type.slice(0, 2) === 'eu' ? value.slice(0, 2) : type.slice(0, 2).toUpperCase(),
      customer,
      owner: { type: 'customer', customer },
      type,
      value,
      verification: { status: 'verified', verified_address: null, verified_name: null },
    },
    sandbox.clockOf({ customer }),
  )
}

function ofCustomer(sandbox: Sandbox, customer: string, id: string): TaxId {
  const taxId = sandbox.get('tax_id', id)
  if (taxId.customer !== customer) throw missing('tax id', id)
  return taxId
}
