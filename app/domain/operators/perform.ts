import type { z } from 'zod'
import { invalidInput, Problem } from '../errors.ts'
import type { Call } from '../execute.ts'
import { isRead, type Route } from '../operation.ts'
import { checkOperatorLimit, refuseBeyond } from '../rate-limits.ts'
import { logAction } from './actions.ts'
import type { AnyOperatorOperation, OperatorOperation } from './operation.ts'
import type { Operator } from './operator.ts'

/** The one way to an operator's operation from a page: limits, validates, logs, runs. @throws Problem */
export async function executeAsOperator<Input extends z.ZodType, Output extends z.ZodType>(
  operation: OperatorOperation<string, Route, Input, Output>,
  operator: Operator,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  const output = await performAsOperator(operation as unknown as AnyOperatorOperation, operator, input)
  return output as z.output<Output>
}

/** The same for doors. Whoever is no operator never gets here: for them there is nothing (see docs/decisions/040). */
export async function performAsOperator(
  operation: AnyOperatorOperation,
  operator: Operator,
  input: unknown,
  call: Call = {},
): Promise<unknown> {
  call.limit = await checkOperatorLimit(operator, isRead(operation))
  refuseBeyond(call.limit)
  const parsed = operation.input.safeParse(input ?? {})
  if (!parsed.success) throw invalidInput(parsed.error.issues)
  const run = () => operation.run(operator, parsed.data as never)
  return operation.target ? logged(operation, operator, operation.target(parsed.data as never), run) : run()
}

/**
 * What an operator does, and what they look at of one organisation. It is written down before anything is done: where
 * that cannot be, nothing happens.
 */
async function logged<T>(
  { name }: AnyOperatorOperation,
  operator: Operator,
  target: string,
  run: () => Promise<T>,
): Promise<T> {
  await logAction(operator, name, target, 'asked')
  let output: T
  try {
    output = await run()
  } catch (error) {
    const isRefused = error instanceof Problem && error.kind !== 'unavailable'
    const detail = error instanceof Error ? error.message : String(error)
    await logAction(operator, name, target, isRefused ? 'refused' : 'failed', detail)
    throw error
  }
  await logAction(operator, name, target, 'done')
  return output
}
