import { initTRPC, TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server'
import type { Actor } from '@worklane/domain/actor.ts'
import { Problem, type ProblemKind } from '@worklane/domain/errors.ts'
import { type Call, perform } from '@worklane/domain/execute.ts'
import { type AnyOperation, isRead } from '@worklane/domain/operation.ts'
import { type Operations, operationList } from '@worklane/domain/operations.ts'
import type { AnyOperatorOperation } from '@worklane/domain/operators/operation.ts'
import { type OperatorOperations, operatorOperationList } from '@worklane/domain/operators/operations.ts'
import type { Operator } from '@worklane/domain/operators/operator.ts'
import { performAsOperator } from '@worklane/domain/operators/perform.ts'
import { z } from 'zod'

export type Context = { actor: Actor | null; operator: Operator | null; requestId: string; calls: Call[] }

const codes = {
  invalid: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  beyondPlan: 'PAYMENT_REQUIRED',
  readOnly: 'PAYMENT_REQUIRED',
  declined: 'PAYMENT_REQUIRED',
  forbidden: 'FORBIDDEN',
  notFound: 'NOT_FOUND',
  conflict: 'CONFLICT',
  tooLarge: 'PAYLOAD_TOO_LARGE',
  methodNotAllowed: 'METHOD_NOT_SUPPORTED',
  tooMany: 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
} as const satisfies Record<ProblemKind, TRPCError['code']>

const t = initTRPC.context<Context>().create({
  // No stack trace leaves the process; the fields of bad input do.
  errorFormatter: ({ shape, error, ctx }) => ({
    ...shape,
    message: error.code === 'INTERNAL_SERVER_ERROR' ? 'Something went wrong on our side.' : shape.message,
    data: {
      code: shape.data.code,
      httpStatus: shape.data.httpStatus,
      path: shape.data.path,
      requestId: ctx?.requestId,
      errors: error.cause instanceof Problem ? error.cause.fields : [],
      ...(error.cause instanceof Problem ? { type: error.cause.type, ...error.cause.members } : {}),
    },
  }),
})

const procedureOf = (operation: AnyOperation) =>
  procedure(operation, (ctx, input, call) => perform(operation, ctx.actor, input, call))

const operatorProcedureOf = (operation: AnyOperatorOperation) =>
  procedure(operation, ({ operator }, input, call) => {
    // Whoever is none never gets the router that this stands in.
    if (!operator) throw new Problem('notFound', 'There is nothing here.')
    return performAsOperator(operation, operator, input, call)
  })

function procedure(
  operation: Pick<AnyOperation, 'rest'>,
  act: (ctx: Context, input: unknown, call: Call) => Promise<unknown>,
) {
  const run = async ({ ctx, input }: { ctx: Context; input: unknown }) => {
    const call: Call = {}
    ctx.calls.push(call)
    try {
      return await act(ctx, input, call)
    } catch (error) {
      if (error instanceof Problem) {
        throw new TRPCError({ code: codes[error.kind], message: error.message, cause: error })
      }
      throw error
    }
  }
  // Validation is the operation's own, so that both doors say the same of bad input.
  const taking = t.procedure.input(z.unknown())
  return isRead(operation) ? taking.query(run) : taking.mutation(run)
}

/** 'task.get' → { task: { get } } */
function nested<Each extends { name: string }>(list: readonly Each[], of: (each: Each) => AnyProcedure) {
  const router: Record<string, Record<string, AnyProcedure>> = {}
  for (const each of list) {
    const [room, verb] = each.name.split('.') as [string, string]
    router[room] = { ...router[room], [verb]: of(each) }
  }
  return router
}
type AnyProcedure = ReturnType<typeof procedure>

const forUsers = nested(operationList, procedureOf)

export const router = t.router(forUsers)

/** For operators alone: to everybody else its other half does not exist. */
export const operatorRouter = t.router({ ...forUsers, ...nested(operatorOperationList, operatorProcedureOf) })

type Procedure<Operation> = Operation extends {
  rest: infer Rest
  input: infer Input extends z.ZodType
  output: infer Output extends z.ZodType
}
  ? Rest extends `GET ${string}`
    ? TRPCQueryProcedure<{ input: z.input<Input>; output: z.output<Output>; meta: unknown }>
    : TRPCMutationProcedure<{ input: z.input<Input>; output: z.output<Output>; meta: unknown }>
  : never

type Room<Names> = Names extends `${infer First}.${string}` ? First : never
type ProcedureTree<All> = {
  [First in Room<keyof All>]: {
    [Name in keyof All as Name extends `${First}.${infer Verb}` ? Verb : never]: Procedure<All[Name]>
  }
}

/** What a tRPC client in TypeScript knows of the API. */
export type AppRouter = ReturnType<typeof t.router<ProcedureTree<Operations>>>

/** The same of an operator's page. */
export type OperatorRouter = ReturnType<typeof t.router<ProcedureTree<OperatorOperations>>>
