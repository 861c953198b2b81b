import { type Actor, mayAct } from './actor.ts'
import { Problem } from './errors.ts'
import { type AnyOperation, isRead } from './operation.ts'

/** What a key needs for an operation: its capability and whether it changes anything. */
export const scopeOf = (operation: Pick<AnyOperation, 'name' | 'rest'>): string =>
  `${capabilityOf(operation)}:${isRead(operation) ? 'read' : 'write'}`

export const capabilityOf = ({ name }: Pick<AnyOperation, 'name'>): string => name.split('.')[0] as string

/**
 * The one place that says who may do what: the operation's least role, and for a key its scopes as well.
 * @throws Problem unauthenticated, forbidden
 */
export function authorise(operation: AnyOperation, actor: Actor | null): asserts actor is Actor {
  if (!actor) throw new Problem('unauthenticated', 'Sign in, or send a valid session or API key.')
  const { name, allow, peopleOnly } = operation
  if (!mayAct(actor, allow)) {
    throw new Problem('forbidden', `${name} needs the role ${allow}; yours is ${actor.role}.`)
  }
  if (!actor.key) return
  if (peopleOnly) throw new Problem('forbidden', `${name} is for signed-in people; an API key may not do it.`)
  const scope = scopeOf(operation)
  const every = `*:${scope.split(':')[1]}`
  if (!actor.key.scopes.some((has) => has === scope || has === every)) {
    throw new Problem('forbidden', `${name} needs the scope ${scope}, which this API key does not have.`)
  }
}
