import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import type { AnyOperation } from '../operation.ts'
import { authorise } from '../permission.ts'
import { getTask } from '../tasks/reads.ts'

/** What was found out is believed for so long; whoever ends a session, a key or a membership also says so at once. */
const believedMs = 1_000

/** A stream of a project's changes carries whole tasks: who listens needs what reading a task needs. @throws Problem */
export function authoriseStream(actor: Actor | null): asserts actor is Actor {
  authorise(getTask as unknown as AnyOperation, actor)
}

/**
 * Says, before each event of a stream, whether its holder may still have it.
 * @param ask who the holder's credentials stand for now; it fails where that cannot be found out
 */
export function streamAccess(holder: Actor, ask: () => Promise<Actor | null>) {
  let askedAt = Date.now()
  let current: Promise<boolean> = Promise.resolve(true)

  const look = async (): Promise<boolean> => {
    const now = await ask()
    if (now?.orgId !== holder.orgId || now.userId !== holder.userId) return false
    try {
      authoriseStream(now)
      return true
    } catch (error) {
      if (error instanceof Problem) return false
      throw error
    }
  }

  return {
    /** Whether they may: as known for a second, or asked now. */
    holds(anew = false): Promise<boolean> {
      if (anew || Date.now() - askedAt >= believedMs) {
        askedAt = Date.now()
        // Where it cannot be found out the stream ends: its client comes back and is asked for again.
        current = look().catch(() => false)
      }
      return current
    },
  }
}
