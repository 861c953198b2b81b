import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { calls, type Owner } from '@headroom/loadtests/journeys/calls.ts'
import { type Asking, operationSteps, ownerAt } from '@headroom/loadtests/journeys/tour.ts'
import { openTaskAt } from '@headroom/loadtests/journeys/user.ts'
import { fewest } from '@headroom/perf-budgets/gate/counters.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import { fullestTaskOf } from '../lighthouse/pages.ts'
import { ask } from '../plan/target/ask.ts'
import type { Side } from './sides.ts'
import type { Statements } from './statements.ts'

type Request = ReturnType<Asking>[number]
type Asked = Pick<Side, 'what' | 'origin' | 'sessionSecret'> & Partial<Pick<Side, 'access'>>

/** What an owner's writes bring about, done by workers: of all together, since where one's ends cannot be told. */
export const effectsOfWrites = 'effects of writes'

/**
 * Asks every operation by tRPC, and every write by REST too, one at a time, and counts the queries: of reads those that
 * the door itself needs, since REST is asked for the same just before; of writes all. Owners make, change and take away,
 * as on the load test's tour; what nobody asks there is not asked here (`withoutLoad` in slo.ts).
 * @param organisations whose pages and reads were asked already
 * @returns route → queries, the fewest of all owners'; nothing of a revision that cannot tell them from its workers'
 * @throws Error when a side refuses or fails one, or what its workers have to do is not done
 */
export async function queriesOfOperations(
  side: Asked,
  population: PopulationSpec,
  organisations: readonly number[],
  statements: Statements,
): Promise<Record<string, number>> {
  if (!statements.tellsEffects) return {}
  const queries: Record<string, number> = {}
  const count = (name: string, more: number) => {
    queries[name] = fewest(queries[name], more)
  }
  const cast = { target: side.origin, population, seed: population.seed, streams: 0 }
  for (const organisation of organisations) {
    const { firstUser } = organisationAt(population, organisation)
    const owner = ownerAt(cast, organisation, () => sessionToken(population, firstUser, side.sessionSecret))
    const { project, index } = fullestTaskOf(population, organisation)
    openTaskAt(cast, owner, project, index)
    await readsOf(side, owner, statements, count)
    await statements.untilIdle()
    const before = await statements.calls('effects')
    const isWhole = await writesOf(side, owner, statements, count)
    await statements.untilIdle()
    if (isWhole) count(effectsOfWrites, (await statements.calls('effects')) - before)
  }
  return queries
}

type Count = (name: string, queries: number) => void

/** Before any write: what that makes the cache forget depends on when the workers come to it. */
async function readsOf(side: Asked, owner: Owner, statements: Statements, count: Count): Promise<void> {
  for (const { operation, rest } of calls.filter(isRead)) {
    for (const request of operationSteps.rest[rest]?.(owner) ?? []) await answered(side, owner, request)
    for (const request of operationSteps.trpc[operation]?.(owner) ?? [])
      await counted(side, owner, request, statements, count)
  }
}

/** @returns false when this side does not know one of them: then its workers have less to do */
async function writesOf(side: Asked, owner: Owner, statements: Statements, count: Count): Promise<boolean> {
  let isWhole = true
  for (const door of ['rest', 'trpc'] as const)
    for (const call of calls) {
      const requests = operationSteps[door][door === 'rest' ? call.rest : call.operation]?.(owner) ?? []
      // A read once more only for what a write after it needs.
      for (const request of requests)
        if (!isRead(call)) isWhole = (await counted(side, owner, request, statements, count)) && isWhole
        else if (call.first) await answered(side, owner, request)
    }
  return isWhole
}

const isRead = ({ rest }: { rest: string }) => rest.startsWith('GET ')

/**
 * The API answers when all is done, and Postgres has counted a statement when it answers.
 * @returns false where this side has no such call
 */
async function counted(
  side: Asked,
  owner: Owner,
  request: Request,
  statements: Statements,
  count: Count,
): Promise<boolean> {
  const before = await statements.calls('requests')
  if (!(await answered(side, owner, request))) return false
  count(request.route, (await statements.calls('requests')) - before)
  return true
}

/** What a revision answers to an operation, or a field of one, that came after it. */
const unknownHere = [400, 404]

async function answered(
  { what, origin, access }: Asked,
  { cookie }: Owner,
  { method, route, path, headers, body, expect = 200, keep }: Request,
): Promise<boolean> {
  const init = {
    method,
    headers: { ...headers, cookie },
    redirect: 'manual' as const,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  }
  const response = await ask(origin, path, init, access)
  const text = await response.text()
  if (unknownHere.includes(response.status)) return false
  if (response.status !== expect)
    throw new Error(`${what}: ${route} answered ${response.status}: ${text.slice(0, 200)}`)
  if (keep && !keep(text)) throw new Error(`${what}: ${route} answered without what was made`)
  return true
}
