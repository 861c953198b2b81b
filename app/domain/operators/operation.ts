import type { z } from 'zod'
import type { Route } from '../operation.ts'
import type { Operator } from './operator.ts'

type Common = {
  /** Dotted; the first word is `operator`. */
  name: string
  /** Method and path; `:name` segments are fields of the input. */
  rest: Route
  summary: string
  allow: 'operator'
  /** What it is about, as the log of operators' actions has it; none for a list, which is about nobody. */
  target?: (input: never) => string
}

/**
 * A thing that an operator can do: the sibling of `operation.ts`, for who is in no organisation. It stands in no list of
 * the users' operations, and so in no document of theirs.
 */
export type OperatorOperation<
  Name extends string,
  Rest extends Route,
  Input extends z.ZodType,
  Output extends z.ZodType,
> = Omit<Common, 'target'> & {
  name: Name
  rest: Rest
  /** A strict object: unknown fields are refused. */
  input: Input
  output: Output
  target?: (input: z.output<Input>) => string
  run(operator: Operator, input: z.output<Input>): Promise<z.input<Output>>
}

/** Any of them, where types do not matter. */
export type AnyOperatorOperation = Common & {
  input: z.ZodObject
  output: z.ZodType
  run(operator: Operator, input: never): Promise<unknown>
}

export const operatorOperation = <
  const Name extends string,
  const Rest extends Route,
  Input extends z.ZodObject,
  Output extends z.ZodType,
>(
  definition: OperatorOperation<Name, Rest, Input, Output>,
): OperatorOperation<Name, Rest, Input, Output> => definition
