import type { z } from 'zod'
import { accountTransaction } from './accounts/transaction.ts'
import type { Actor } from './actor.ts'
import { requireFeature, requireWritable, withinPlan } from './billing/entitlements.ts'
import { countRequest } from './billing/usage.ts'
import { cached } from './cache.ts'
import { collectEffects, Effects, type RunStatement } from './effects.ts'
import { invalidInput } from './errors.ts'
import { faults, repeatedly } from './faults.ts'
import { assertKey, claim, keep } from './idempotency.ts'
import { type AnyOperation, isRead, type Operation, type Route, shapeDigest } from './operation.ts'
import { authorise } from './permission.ts'
import { checkLimits, type LimitVerdict, refuseBeyond } from './rate-limits.ts'
import { inWords } from './refusals.ts'
import { tenantDb } from './runtime.ts'
import { takeTurn } from './turn.ts'

/** What a door says of a call beside its input, and what it hears beside the output. */
export type Call = {
  /** A write that is sent again with the same key happens once. */
  idempotencyKey?: string | undefined
  /** Filled in: how much of the tightest rate limit is left. */
  limit?: LimitVerdict
  /** Filled in: the answer is that of an earlier call with the same key. */
  replayed?: boolean
}

/** The one way to an operation: limits, authorises, validates, runs. @throws Problem */
export async function execute<Input extends z.ZodType, Output extends z.ZodType, Prepared>(
  operation: Operation<string, Route, Input, Output, Prepared>,
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
  call: Call = {},
): Promise<unknown> {
  if (actor) {
    call.limit = await checkLimits(actor, operation)
    refuseBeyond(call.limit)
    if (actor.key) await countRequest(actor)
  }
  authorise(operation, actor)
  requireFeature(operation, actor)
  requireWritable(operation, actor)
  const parsed = validated(operation, input)
  const delay = faults().delays.get(operation.name)
  if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay))
  if (operation.writes === 'elsewhere') {
    if (call.idempotencyKey !== undefined) assertKey(call.idempotencyKey)
    return operation.run(actor, parsed as never, call.idempotencyKey)
  }
  if (!isRead(operation)) return write(operation, actor, parsed, call)
  const load = async () => {
    await repeatedly(operation.name, () => operation.run(actor, parsed as never))
    return operation.run(actor, parsed as never)
  }
  if (faults().leakingMemory.has(operation.name)) return leaked(operation.name, load)
  const { cache } = operation
  if (!cache || cache.when?.(parsed as never) === false) return load()
  // An answer of the shape that an earlier version gave is none of this one's.
  return cached(actor, `${operation.name}/${shapeDigest(operation)}`, cache, parsed, load)
}

const firstAnswers = new Map<string, unknown>()

/** The known-bad case of a variable that outlives its request. */
async function leaked(name: string, load: () => Promise<unknown>): Promise<unknown> {
  if (!firstAnswers.has(name)) firstAnswers.set(name, await load())
  return firstAnswers.get(name)
}

/** A write, its audit entries, its outbox rows and its key: all of them or none. */
async function write(operation: AnyOperation, actor: Actor, input: unknown, call: Call): Promise<unknown> {
  await operation.beforehand?.(actor)
  const prepared = await operation.prepare?.(actor, input as never)
  const inTransaction = operation.writes === 'account' ? accountTransaction : tenantTransaction
  const { output, effects } = await inTransaction(actor, async (run) => {
    // Made anew for each attempt: one that was undone leaves nothing.
    const effects = new Effects()
    const earlier = await claim(run, actor, operation, input, call.idempotencyKey)
    if (earlier !== undefined) {
      call.replayed = true
      return { output: earlier, effects }
    }
    await repeatedly(operation.name, () => run('select 1', []))
    const now = await takeTurn(run, operation, actor)
    const output = await collectEffects(effects, () =>
      withinPlan(run, actor.orgId, operation.needs, () =>
        operation.run(now, input as never, undefined, prepared),
      ),
    )
    if (operation.audited !== false && effects.audit.length === 0) {
      throw new Error(`${operation.name} left nothing in the audit log`)
    }
    await effects.write(run, actor, operation.name)
    await keep(run, actor, call.idempotencyKey, operation.secret ? null : output)
    await effects.beforeCommit()
    return { output, effects }
  })
  await effects.afterCommit(actor)
  return output
}

const tenantTransaction = <T>(actor: Actor, body: (run: RunStatement) => Promise<T>): Promise<T> =>
  inWords(tenantDb(actor).transaction((tx) => body((text, values) => tx.$queryRawUnsafe(text, ...values))))

function validated(operation: AnyOperation, input: unknown): unknown {
  const parsed = operation.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  throw invalidInput(parsed.error.issues)
}
