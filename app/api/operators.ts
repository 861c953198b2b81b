import { methodOf, pathOf } from '@worklane/domain/operation.ts'
import { operatorOperationList, operatorOperations } from '@worklane/domain/operators/operations.ts'
import { performAsOperator } from '@worklane/domain/operators/perform.ts'
import { Hono } from 'hono'
import { operatorOf } from './credentials.ts'
import { answer, inputOf, numericFields, type Variables } from './rest.ts'

/**
 * A REST route for every operation of operators. For who is none it is passed by, and what comes then is what comes for
 * an address that does not exist, by construction and to the byte.
 */
export function operatorRoutes(origin: string) {
  const routes = new Hono<{ Variables: Variables }>()
  for (const operation of operatorOperationList) {
    const numeric = numericFields(operation)
    routes.on(methodOf(operation.rest), pathOf(operation.rest), async (context, next) => {
      const operator = await operatorOf(context.req.raw, origin, context.get('requestId'))
      if (!operator) return next()
      context.set('route', operation.rest)
      const input = await inputOf(context.req, operation, numeric)
      const call = {}
      context.set('call', call)
      const output = await performAsOperator(operation, operator, input, call)
      return answer(context.req.raw, operation, JSON.stringify(output), call)
    })
  }
  return routes
}

/** Whether a procedure of tRPC is one of theirs. */
export const isForOperators = (procedure: string): boolean => Object.hasOwn(operatorOperations, procedure)
