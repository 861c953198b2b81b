import { getCustomer, resyncCustomer } from './customers.ts'
import { discardDeadLetter, listDeadLetters, retryDeadLetter } from './dead-letters.ts'
import { getEvent, listEvents } from './events.ts'
import { listActions } from './log.ts'
import type { AnyOperatorOperation } from './operation.ts'

/** Everything that an operator can do, by name. To who is none these addresses are not there. */
export const operatorOperations = {
  'operator.events': listEvents,
  'operator.event': getEvent,
  'operator.customer': getCustomer,
  'operator.resync': resyncCustomer,
  'operator.deadLetters': listDeadLetters,
  'operator.retry': retryDeadLetter,
  'operator.discard': discardDeadLetter,
  'operator.actions': listActions,
} as const

export type OperatorOperations = typeof operatorOperations

export const operatorOperationList = Object.values(operatorOperations) as unknown as AnyOperatorOperation[]
