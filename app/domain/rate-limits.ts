import type { UserId } from '@worklane/data/ids.ts'
import { addressLimit, dailyLimit, limitsOf, operatorLimit } from '@worklane/data/rate-limit/classes.ts'
import type { LimitVerdict } from '@worklane/data/rate-limit/limiter.ts'
import type { Actor } from './actor.ts'
import { tooMany } from './errors.ts'
import { type AnyOperation, isRead } from './operation.ts'
import { runtime } from './runtime.ts'

export type { LimitVerdict }

/** Counts a request of an actor. The verdict is the door's to tell, and to refuse by. */
export function checkLimits(actor: Actor, operation: AnyOperation): Promise<LimitVerdict> {
  const { limiter, env } = runtime()
  const kind = operation.heavy ? 'heavy' : isRead(operation) ? 'read' : 'write'
  return limiter.check(limitsOf(actor, kind, env.RATE_LIMIT_SCALE, env.ORGANISATION_READS_CAP))
}

/** Counts a request of an operator. */
export function checkOperatorLimit(
  { userId }: Pick<Actor, 'userId'>,
  isRead: boolean,
): Promise<LimitVerdict> {
  const { limiter, env } = runtime()
  return limiter.check([operatorLimit(userId, isRead ? 'read' : 'write', env.RATE_LIMIT_SCALE)])
}

/** @throws Problem tooMany, with the seconds to wait */
export function refuseBeyond({ allowed, retryAfterSeconds }: LimitVerdict): void {
  if (!allowed) throw tooMany('Too many requests', retryAfterSeconds)
}

/** Before there is anybody who asks: by the address. @throws Problem tooMany */
export async function limitAddress(
  address: string,
  what: 'sign-in' | 'sign-up' | 'anonymous',
): Promise<void> {
  const { limiter, env } = runtime()
  refuseBeyond(await limiter.check([addressLimit(address, what, env.RATE_LIMIT_SCALE)]))
}

/** What a person does at most so often a day, by whatever door. @throws Problem tooMany */
export async function limitPerDay(userId: UserId, what: 'invitations' | 'organisations'): Promise<void> {
  const { limiter, env } = runtime()
  const { allowed, retryAfterSeconds } = await limiter.check([dailyLimit(userId, what, env.RATE_LIMIT_SCALE)])
  if (!allowed) throw tooMany(`You made too many ${what} today`, retryAfterSeconds)
}
