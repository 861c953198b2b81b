import { initTRPC, TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server'
import type { Actor } from '@worklane/domain/actor.ts'
import { Problem, type ProblemKind } from '@worklane/domain/errors.ts'
import { type Call, perform } from '@worklane/domain/execute.ts'
import { type AnyOperation, isRead } from '@worklane/domain/operation.ts'
import { type Operations, operationList } from '@worklane/domain/operations.ts'
import { z } from 'zod'

export type Context = { actor: Actor | null; requestId: string; calls: Call[] }

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

function procedureOf(operation: AnyOperation) {
  const run = async ({ ctx, input }: { ctx: Context; input: unknown }) => {
    const call: Call = {}
    ctx.calls.push(call)
    try {
      return await perform(operation, ctx.actor, input, call)
    } catch (error) {
      if (error instanceof Problem) {
        throw new TRPCError({ code: codes[error.kind], message: error.message, cause: error })
      }
      throw error
    }
  }
  // Validation is the operation's own, so that both doors say the same of bad input.
  const procedure = t.procedure.input(z.unknown())
  return isRead(operation) ? procedure.query(run) : procedure.mutation(run)
}

/** 'task.get' → { task: { get } } */
function nested(): Record<string, Record<string, ReturnType<typeof procedureOf>>> {
  const router: Record<string, Record<string, ReturnType<typeof procedureOf>>> = {}
  for (const operation of operationList) {
    const [room, verb] = operation.name.split('.') as [string, string]
    router[room] = { ...router[room], [verb]: procedureOf(operation) }
  }
  return router
}

export const router = t.router(nested())

type Procedure<Operation> = Operation extends {
  rest: infer Rest
  input: infer Input extends z.ZodType
  output: infer Output extends z.ZodType
}
  ? Rest extends `GET ${string}`
    ? TRPCQueryProcedure<{ input: z.input<Input>; output: z.output<Output>; meta: unknown }>
    : TRPCMutationProcedure<{ input: z.input<Input>; output: z.output<Output>; meta: unknown }>
  : never

type Names = keyof Operations
type Room = Names extends `${infer First}.${string}` ? First : never
type ProcedureTree = {
  [First in Room]: {
    [Name in Names as Name extends `${First}.${infer Verb}` ? Verb : never]: Procedure<Operations[Name]>
  }
}

/** What a tRPC client in TypeScript knows of the API. */
export type AppRouter = ReturnType<typeof t.router<ProcedureTree>>
