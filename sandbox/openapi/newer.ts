/**
 * Fields that the SDK's version of the API has and the document, which is older and leaves some out, does not: empty, as
 * whatever the sandbox does not model. conformance/promised.ts notices when there are more.
 */
export const newer: Record<string, Record<string, unknown>> = {
  charge: { source: null },
  'checkout.session': { allowed_payment_method_types: null },
  dispute: { intended_submission_method: null },
  payment_intent: { payment_record: null, source: null },
  product: { tax_details: null, type: 'service' },
  subscription_item: { current_trial: null },
  subscription_schedule: { pause_schedules: [] },
}
