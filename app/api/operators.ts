import { methodOf, pathOf } from '@worklane/domain/operation.ts'
import { operatorOperationList, operatorOperations } from '@worklane/domain/operators/operations.ts'
import { performAsOperator } from '@worklane/domain/operators/perform.ts'
import { checkOperatorLimit, refuseBeyond } from '@worklane/domain/rate-limits.ts'
import { Hono } from 'hono'
import { operatorOf } from './credentials.ts'
import type { QueueBoard } from './queue-board.ts'
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

/** What bull-board 9.10 makes of its theme and puts into its page; a test notices when it makes something else. */
const boardTheme = "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='"

/** Of its page: all that it needs is ours, and nothing of it stands in the page. */
const boardPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${boardTheme}`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const boardPath = '/v1/operator/queues'

/**
 * The dashboard of the queues, to look at. Who is no operator is passed by, as above; and so is whoever would change
 * something: jobs are retried and discarded by the operations, which leave an entry.
 * @param open makes it, when somebody looks first
 */
export function boardRoutes(origin: string, open: () => Promise<QueueBoard>) {
  const routes = new Hono<{ Variables: Variables }>()
  routes.on('GET', [boardPath, `${boardPath}/*`], async (context, next) => {
    const operator = await operatorOf(context.req.raw, origin, context.get('requestId'))
    if (!operator) return next()
    context.set('route', `GET ${boardPath}`)
    refuseBeyond(await checkOperatorLimit(operator, true))
    const board = await open()
    const response = await board.fetch(context.req.raw)
    if (response.status === 404) return next()
    context.set('policy', boardPolicy)
    return response
  })
  return routes
}

/** Whether a procedure of tRPC is one of theirs. */
export const isForOperators = (procedure: string): boolean => Object.hasOwn(operatorOperations, procedure)
