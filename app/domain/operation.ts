import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Actor, Role } from './actor.ts'
import type { Need } from './billing/entitlements.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
export type Route = `${Method} /v1${string}`

/** How an answer is kept for the next who asks the same. */
export type CacheRule<Input> = {
  /** What a write names to forget it, see `tags.ts` and `effects.ts`; any one of them suffices. */
  tags: (actor: Actor, input: Input) => readonly string[]
  /** Whether another person of the same organisation gets the same answer. */
  shared: boolean
  /** How long at most, if nobody forgets it before. */
  seconds: number
  /** Which inputs are worth keeping, of which there may be ever new ones. All, where it is not said. */
  when?: (input: Input) => boolean
}

/** What every kind of operation has. */
type Common = {
  /** Dotted, as tRPC and the metrics call it. */
  name: string
  /** Method and path; `:name` segments are fields of the input. */
  rest: Route
  summary: string
  /** The least role that may do it. */
  allow: Role
  /** Only a signed-in person may do it, no API key. */
  peopleOnly?: boolean
  /** Costs more than others: a class of its own for rate limits. */
  heavy?: boolean
  /**
   * Where a write happens: in the tenant's tables (the default), across tenants in the accounts, through the role
   * that may (see `accounts/transaction.ts`), or at a service outside, for which no transaction of ours waits.
   */
  writes?: 'tenant' | 'account' | 'elsewhere'
  /** A read that asks a service outside, which may be off, or know nothing of the organisation. */
  reads?: 'elsewhere'
  /**
   * Changes who belongs to the organisation, or to all that the person belongs to, or what somebody may do there.
   * Such writes of one organisation happen one after another, and the caller's role is read again when its turn has
   * come (see `turn.ts`).
   */
  locks?: 'organisation' | 'own organisations'
  /** What of the organisation's plan it takes up, or stands on: see `billing/entitlements.ts`. */
  needs?: Need
  /** A write that can be done although an invoice is not paid: to pay it, to leave, to lock somebody out. */
  evenReadOnly?: boolean
  /** Lets somebody else in, and so only a person may do it who has proved their address (docs/decisions/030). */
  needsProof?: boolean
  /** False for a write that is nobody's business but one's own, such as reading a notification. */
  audited?: boolean
  /** Runs before a write's transaction, and stays when that is undone: to count a try, say. */
  beforehand?: (actor: Actor) => Promise<void>
  /** Its answer holds a secret that is shown once and kept nowhere. */
  secret?: boolean
}

/**
 * A thing that a user can do, defined once. REST, OpenAPI and tRPC are derived from it, and every door goes
 * through `execute`.
 */
export type Operation<
  Name extends string,
  Rest extends Route,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Prepared = unknown,
> = Common & {
  name: Name
  rest: Rest
  /** A strict object: unknown fields are refused. */
  input: Input
  output: Output
  cache?: CacheRule<z.output<Input>>
  /** What a write works out of its input before its transaction begins: nothing is held open for long work. */
  prepare?(actor: Actor, input: z.output<Input>): Promise<Prepared>
  /**
   * @param key the caller's Idempotency-Key, for one that writes elsewhere: it happens once there
   * @param prepared what `prepare` gave
   */
  run(
    actor: Actor,
    input: z.output<Input>,
    key: string | undefined,
    prepared: Prepared,
  ): Promise<z.input<Output>>
}

/** Any operation, where its types do not matter: for loops over the list of them. */
export type AnyOperation = Common & {
  input: z.ZodObject
  output: z.ZodType
  cache?: CacheRule<never>
  prepare?(actor: Actor, input: never): Promise<unknown>
  run(actor: Actor, input: never, key?: string, prepared?: unknown): Promise<unknown>
}

export const operation = <
  const Name extends string,
  const Rest extends Route,
  Input extends z.ZodObject,
  Output extends z.ZodType,
  Prepared = unknown,
>(
  definition: Operation<Name, Rest, Input, Output, Prepared>,
): Operation<Name, Rest, Input, Output, Prepared> => definition

export const methodOf = (rest: AnyOperation['rest']) => rest.slice(0, rest.indexOf(' ')) as Method
export const pathOf = (rest: AnyOperation['rest']) => rest.slice(rest.indexOf(' ') + 1)
export const isRead = (operation: Pick<AnyOperation, 'rest'>) => methodOf(operation.rest) === 'GET'

/** What a field holds that nobody may read again, as OpenAPI's format `password`: a digest of it is kept as slowly. */
export const secretField = { format: 'password' } as const

const withSecrets = new WeakMap<AnyOperation, boolean>()

/** Whether a field of the input, at any depth, is a `secretField`. */
export function hasSecretInput(operation: AnyOperation): boolean {
  let known = withSecrets.get(operation)
  if (known === undefined) {
    const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' })
    known = JSON.stringify(schema).includes('"format":"password"')
    withSecrets.set(operation, known)
  }
  return known
}

const digests = new WeakMap<AnyOperation, string>()

/** Changes with the shape of an operation, by which a kept answer may be of another version: a cursor in it also. */
export function shapeDigest(operation: AnyOperation): string {
  let known = digests.get(operation)
  if (known === undefined) {
    const input = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' })
    const output = z.toJSONSchema(operation.output, { io: 'output', unrepresentable: 'any' })
    known = createHash('sha256')
      .update(JSON.stringify([input, output]))
      .digest('base64url')
      .slice(0, 8)
    digests.set(operation, known)
  }
  return known
}
