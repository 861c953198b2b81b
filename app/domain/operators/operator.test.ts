import { describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { execute } from '../execute.ts'
import { getMe } from '../me/operations.ts'
import type { AnyOperation } from '../operation.ts'
import { operationList } from '../operations.ts'
import { listEvents } from './events.ts'
import { operatorOperationList } from './operations.ts'
import type { Operator } from './operator.ts'
import { executeAsOperator } from './perform.ts'

/** Checked by the compiler alone: each line that it would let pass is an error of its own. Never run. */
export const wrongCalls = (actor: Actor, operator: Operator) => [
  // @ts-expect-error an operator is in no organisation
  () => execute(getMe, operator, {}),
  // @ts-expect-error somebody of an organisation is no operator
  () => executeAsOperator(listEvents, actor, {}),
  // @ts-expect-error an operator's operation is none of the users'
  () => execute(listEvents, actor, {}),
  // @ts-expect-error nor the other way around
  () => executeAsOperator(getMe, operator, {}),
  // @ts-expect-error it cannot stand in their list, from which the doors and the document are made
  (): AnyOperation => listEvents,
]

describe('operators’ operations', () => {
  it('stand in no list of the users’', () => {
    const theirs = operatorOperationList.map(({ name }) => name)
    expect(operationList.filter(({ name }) => theirs.includes(name) || name.startsWith('operator.'))).toEqual(
      [],
    )
    expect(theirs.every((name) => name.startsWith('operator.'))).toBe(true)
    const paths = operatorOperationList.map(({ rest }) => rest.split(' ')[1])
    expect(paths.every((path) => path?.startsWith('/v1/operator/'))).toBe(true)
  })

  it('are logged with what they are about, but for lists', () => {
    const about = operatorOperationList.filter(({ target }) => target !== undefined).map(({ name }) => name)
    expect(about).toEqual([
      ...['operator.event', 'operator.customer', 'operator.resync', 'operator.retry', 'operator.discard'],
    ])
  })
})
