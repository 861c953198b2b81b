import { setTimeout as sleep } from 'node:timers/promises'
import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { calls, type Owner } from '@headroom/loadtests/journeys/calls.ts'
import { type Asking, operationSteps, ownerAt } from '@headroom/loadtests/journeys/tour.ts'
import { fewest } from '@headroom/perf-budgets/gate/counters.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import type { Side } from './sides.ts'
import type { Statements } from './statements.ts'

/** What a request did after its answer, Postgres knows a moment later. */
const settlingMs = 50

/** What writes bring about, done by the workers: of all of a round together, since one write's end cannot be told. */
export const effectsOfWrites = 'effects of writes'

/**
 * Asks every operation by tRPC, and every write by REST too, one at a time, and counts the queries: of reads those that
 * the door itself needs, since REST was asked for the same before (`counters.ts`); of writes all. Owners make, change
 * and take away, as on the load test's tour; what nobody asks there is not asked here (`withoutLoad` in slo.ts).
 * @param organisations whose pages and reads were asked already
 * @returns route → queries, the fewest of all owners'; nothing of a revision that cannot tell them from its workers'
 * @throws Error when a side refuses or fails one
 */
export async function queriesOfOperations(
  side: Pick<Side, 'what' | 'origin' | 'sessionSecret'>,
  population: PopulationSpec,
  organisations: readonly number[],
  statements: Statements,
): Promise<Record<string, number>> {
  if (!statements.tellsEffects) return {}
  const queries: Record<string, number> = {}
  const cast = { target: side.origin, population, seed: population.seed, streams: 0 }
  const ask = async (owner: Owner, asked: Request[], isCounted: boolean) => {
    for (const request of asked) {
      const before = await statements.calls('requests')
      const isThere = await answered(side, owner.cookie, request)
      if (!isThere || !isCounted) continue
      await sleep(settlingMs)
      const { route } = request
      queries[route] = fewest(queries[route], (await statements.calls('requests')) - before)
    }
  }
  await statements.untilIdle()
  const effectsBefore = await statements.calls('effects')
  for (const organisation of organisations) {
    const { firstUser } = organisationAt(population, organisation)
    const owner = ownerAt(cast, organisation, () => sessionToken(population, firstUser, side.sessionSecret))
    // Reads before writes: what a write makes the cache forget depends on when the workers come to it.
    for (const { operation, rest } of calls)
      if (isRead(rest)) await ask(owner, operationSteps.trpc[operation]?.(owner) ?? [], true)
    for (const door of ['rest', 'trpc'] as const)
      for (const { operation, rest, first } of calls) {
        const step = operationSteps[door][door === 'rest' ? rest : operation]
        // A read again only for what a write after it needs.
        if (!isRead(rest) || first) await ask(owner, step?.(owner) ?? [], !isRead(rest))
      }
  }
  await statements.untilIdle()
  const effects = (await statements.calls('effects')) - effectsBefore
  return { ...queries, [effectsOfWrites]: effects }
}

type Request = ReturnType<Asking>[number]

const isRead = (rest: string) => rest.startsWith('GET ')

/** False where this side has no such operation. */
async function answered(
  { what, origin }: Pick<Side, 'what' | 'origin'>,
  cookie: string,
  { method, route, path, headers, body, expect = 200, keep }: Request,
): Promise<boolean> {
  const response = await fetch(origin + path, {
    ...{ method, headers: { ...headers, cookie }, redirect: 'manual' },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (response.status === 404) return false
  if (response.status !== expect)
    throw new Error(`${what}: ${route} answered ${response.status}: ${text.slice(0, 200)}`)
  if (keep && !keep(text)) throw new Error(`${what}: ${route} answered without what was made`)
  return true
}
