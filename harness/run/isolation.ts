import { interruption } from '../judge/invalid-reasons.ts'
import type { Fault } from '../plan/faults.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { Result } from '../result/result.ts'
import type { Play, Site } from './site.ts'

type Seeded = { where: string; words: string; seenIn: RegExp }

/** Two leaks as people write them, and where each must be found. */
const seeded: Seeded[] = [
  { where: 'cache', words: 'a cache key without a tenant', seenIn: /^(GET|trpc|page|rsc) / },
  { where: 'memory:board.get', words: "a variable that keeps one tenant's board for all", seenIn: /^rsc / },
]

const proof = { users: 80, think: 1_000, ramp: 3_000, duration: 12_000 }

/**
 * Looks for leaks where there are some: a search that finds none there would find none anywhere.
 * @returns what it did not see, and the run that somebody interrupted, with which it ends
 */
export async function verifyLeakDetection(
  plan: Plan,
  onFaulty: <T>(faults: readonly Fault[], use: (site: Site) => Promise<T>) => Promise<T>,
  play: Play,
  say: (line: string) => void,
): Promise<{ unseen: string[]; interrupted: Result | null }> {
  const unseen: string[] = []
  for (const { where, words, seenIn } of seeded) {
    say(`looking for a seeded leak: ${words}`)
    const fault: Fault = { kind: 'leak', where }
    const result = await onFaulty([fault], (site) =>
      play(site, { ...plan, ...proof }, { faultTexts: [`leak=${where}`] }),
    )
    if (result.reasons.includes(interruption)) return { unseen, interrupted: result }
    const routes = result.routes.filter(({ route, errors }) => seenIn.test(route) && (errors.leak ?? 0) > 0)
    if (routes.length === 0) unseen.push(`a seeded leak was not found: ${words}`)
    else
      say(
        `found on ${routes.length} routes, ${routes
          .map(({ route }) => route)
          .slice(0, 3)
          .join(', ')}`,
      )
  }
  return { unseen, interrupted: null }
}
