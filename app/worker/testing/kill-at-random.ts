import { setTimeout } from 'node:timers/promises'
import type { Deployment, PartName } from './deployment.ts'

const leastKills = 6

/**
 * Kills parts of a deployment at random moments until it is told to end, of each group one at a time.
 * @param groups what draws the moments of a group, and its parts
 * @returns `happened`, whether enough was killed for the test to say something: a load goes on until then, however fast
 * the machine; `end`, which waits until all are there again, and says what was killed how often
 */
export function killAtRandom(
  deployment: Deployment,
  groups: [draw: () => number, names: readonly PartName[]][],
): { happened(): boolean; end(): Promise<Record<string, number>> } {
  const kills: Record<string, number> = {}
  let isOver = false
  const killing = groups.map(async ([draw, names]) => {
    while (!isOver) {
      await setTimeout(200 + draw() * 2_000)
      const name = names[Math.floor(draw() * names.length)] as PartName
      const forgets = draw() < 0.5
      const what = name === 'redis' ? `redis, ${forgets ? 'forgets' : 'remembers'}` : name
      kills[what] = (kills[what] ?? 0) + 1
      await deployment.kill(name, { downMs: draw() * 800, forgets })
    }
  })
  return {
    happened: () => Object.values(kills).reduce((sum, count) => sum + count, 0) >= leastKills,
    async end() {
      isOver = true
      await Promise.all(killing)
      return kills
    },
  }
}
