import type { z } from 'zod'
import { type Actor, mayAct } from './actor.ts'
import { type FieldError, Problem } from './errors.ts'
import { faults } from './faults.ts'
import type { AnyOperation, Operation, Route } from './operation.ts'

/** The one way to an operation: validates, authorises, runs. @throws Problem */
export async function execute<Input extends z.ZodType, Output extends z.ZodType>(
  operation: Operation<string, Route, Input, Output>,
  actor: Actor | null,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  return (await perform(operation as unknown as AnyOperation, actor, input)) as z.output<Output>
}

/** `execute` for doors, which know neither the operation's types nor whether the input has the right shape. */
export async function perform(
  operation: AnyOperation,
  actor: Actor | null,
  input: unknown,
): Promise<unknown> {
  if (!actor) throw new Problem('unauthenticated', 'Sign in, or send a valid session.')
  if (!mayAct(actor, operation.allow)) {
    throw new Problem(
      'forbidden',
      `${operation.name} needs the role ${operation.allow}; yours is ${actor.role}.`,
    )
  }
  const parsed = operation.input.safeParse(input ?? {})
  if (!parsed.success) {
    const fields = parsed.error.issues.flatMap(fieldErrors)
    throw new Problem(
      'invalid',
      fields.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; '),
      fields,
    )
  }
  const delay = faults().delays.get(operation.name)
  if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay))
  return operation.run(actor, parsed.data as never)
}

/** Each unknown field by its own name, as every other mistake. */
function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path.join('.'), message: issue.message }]
  return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'is not a known field' }))
}
