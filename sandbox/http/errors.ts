type Detail = {
  code?: string
  param?: string
  decline_code?: string
  charge?: string
  payment_intent?: object
  setup_intent?: object
  payment_method?: object
}

export type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'

/**
 * A refusal in Stripe's shape: https://docs.stripe.com/api/errors.
 * What an operation did before it threw is undone, except where `keeps` is set: a declined payment stays on record.
 */
export class StripeError extends Error {
  readonly status: number
  readonly type: ErrorType
  readonly detail: Detail
  readonly keeps: boolean

  constructor(status: number, type: ErrorType, message: string, detail: Detail = {}, keeps = false) {
    super(message)
    this.status = status
    this.type = type
    this.detail = detail
    this.keeps = keeps
  }

  /** The answer's body. */
  body(requestId: string): object {
    const { code } = this.detail
    const doc = code ? { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` } : {}
    return {
      error: {
        ...this.detail,
        ...doc,
        message: this.message,
        request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
        type: this.type,
      },
    }
  }
}

export const invalid = (message: string, param?: string, code?: string): StripeError =>
  new StripeError(400, 'invalid_request_error', message, {
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  })

/** @param kind as Stripe names it in the message, for example "customer" */
export const missing = (kind: string, id: string, param = 'id'): StripeError =>
  new StripeError(404, 'invalid_request_error', `No such ${kind}: '${id}'`, {
    code: 'resource_missing',
    param,
  })

/** The same where the id came in a parameter and not in the path: Stripe says 400 there. */
export const missingParameter = (kind: string, id: string, param: string): StripeError =>
  new StripeError(400, 'invalid_request_error', `No such ${kind}: '${id}'`, {
    code: 'resource_missing',
    param,
  })

/** What Stripe can do and the sandbox cannot: said, never ignored. */
export const notOffered = (what: string, param?: string): StripeError =>
  invalid(`The payments sandbox does not offer ${what}.`, param, 'sandbox_not_offered')
