import type { z } from 'zod'
import { type Actor, mayAct } from './actor.ts'
import { Problem } from './errors.ts'
import { faults } from './faults.ts'
import type { AnyOperation, Operation } from './operation.ts'

/** The one way to an operation: validates, authorises, runs. @throws Problem */
export async function execute<Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  operation: Operation<Name, Input, Output>,
  actor: Actor | null,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  return (await perform(operation as unknown as AnyOperation, actor, input)) as z.output<Output>
}

/** `execute` for doors, which know neither the operation's types nor whether the input has the right shape. */
export async function perform(operation: AnyOperation, actor: Actor | null, input: unknown): Promise<unknown> {
  if (!actor) throw new Problem('unauthenticated', 'Sign in, or send a valid session.')
  if (!mayAct(actor, operation.allow)) {
    throw new Problem('forbidden', `${operation.name} needs the role ${operation.allow}; yours is ${actor.role}.`)
  }
  const parsed = operation.input.safeParse(input ?? {})
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
    throw new Problem('invalid', fields.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; '), fields)
  }
  const delay = faults().delays.get(operation.name)
  if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay))
  return operation.run(actor, parsed.data as never)
}
