import type { Sandbox } from '../core/sandbox.ts'

/** One of Stripe's operations, as its document names it: "POST /v1/customers/{customer}". */
export type Operation = {
  route: string
  /** Parameters that it heeds. Others that Stripe knows are refused, so that none is ignored in silence. */
  takes: readonly string[]
  run(sandbox: Sandbox, params: Record<string, unknown>, ...ids: string[]): object
}

/**
 * @param run gets the parameters, read by Stripe's document, and the ids of the path in order
 */
export const operation = <Params = Record<never, never>>(
  route: string,
  takes: readonly (keyof Params & string)[],
  run: (sandbox: Sandbox, params: Params, ...ids: string[]) => object,
): Operation => ({
  route,
  takes,
  run: (sandbox, params, ...ids) => run(sandbox, params as Params, ...ids),
})
