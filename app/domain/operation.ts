import type { z } from 'zod'
import type { Actor, Role } from './actor.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
export type Route = `${Method} /v1${string}`

/**
 * A thing that a user can do, defined once. REST, OpenAPI and tRPC are derived from it, and every door goes
 * through `execute`.
 */
export type Operation<
  Name extends string,
  Rest extends Route,
  Input extends z.ZodType,
  Output extends z.ZodType,
> = {
  /** Dotted, as tRPC and the metrics call it. */
  name: Name
  /** Method and path; `:name` segments are fields of the input. */
  rest: Rest
  summary: string
  /** The least role that may do it. */
  allow: Role
  /** A strict object: unknown fields are refused. */
  input: Input
  output: Output
  run(actor: Actor, input: z.output<Input>): Promise<z.input<Output>>
}

/** Any operation, where its types do not matter: for loops over the list of them. */
export type AnyOperation = {
  name: string
  rest: Route
  summary: string
  allow: Role
  input: z.ZodObject
  output: z.ZodType
  run(actor: Actor, input: never): Promise<unknown>
}

export const operation = <
  const Name extends string,
  const Rest extends Route,
  Input extends z.ZodObject,
  Output extends z.ZodType,
>(
  definition: Operation<Name, Rest, Input, Output>,
): Operation<Name, Rest, Input, Output> => definition

export const methodOf = (rest: AnyOperation['rest']) => rest.slice(0, rest.indexOf(' ')) as Method
export const pathOf = (rest: AnyOperation['rest']) => rest.slice(rest.indexOf(' ') + 1)
export const isRead = (operation: Pick<AnyOperation, 'rest'>) => methodOf(operation.rest) === 'GET'
