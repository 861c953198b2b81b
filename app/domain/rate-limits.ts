import type { Actor } from './actor.ts'
import type { AnyOperation } from './operation.ts'

export type LimitVerdict = {
  allowed: boolean
  limit: number
  remaining: number
  resetAt: number
  retryAfterSeconds: number
  decided: boolean
}

/** Filled in by the limits' room. */
export async function checkLimits(_actor: Actor, _operation: AnyOperation): Promise<LimitVerdict> {
  return { allowed: true, limit: 0, remaining: 0, resetAt: 0, retryAfterSeconds: 0, decided: false }
}
