import { errorRate, errorsOfTime, validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import { percent } from '../result/figures.ts'
import type { MachineLoad, Result, RouteResult } from '../result/result.ts'
import { failedOf, tooManyErrors } from './errors.ts'
import type { Judgement } from './judge.ts'

/** What others took of the machine, where it was so much that no time on it can be judged; else empty. */
export function disturbancesOf(load: MachineLoad | null): string[] {
  if (load === null) return []
  const { foreignCores, stolenCores, cores, largest } = load
  const of = (used: number) => `${used.toFixed(1)} of ${cores} cores`
  const most = largest
    .filter(({ cores: used }) => used >= foreignCores / 10)
    .map(({ name, cores: used }) => `${name} ${used.toFixed(1)}`)
  const limit = (share: number) => `allowed ${percent(share, 0)}`
  return [
    ...(foreignCores > validity.foreignShare * cores
      ? [
          `other processes used ${of(foreignCores)}${most.length > 0 ? ` (${most.join(', ')})` : ''}, ${limit(validity.foreignShare)}`,
        ]
      : []),
    ...((stolenCores ?? 0) > validity.stolenShare * cores
      ? [`other machines took ${of(stolenCores ?? 0)} (steal time), ${limit(validity.stolenShare)}`]
      : []),
  ]
}

/** What was answered of a route, and how. */
export type Answered = Pick<RouteResult, 'count' | 'errors'>

type Found = Pick<Judgement, 'verdict' | 'reasons' | 'evidence'> & { routes: readonly Answered[] }

/**
 * A verdict with what was not to be trusted: what breaks a limit of time on a disturbed machine, or without evidence
 * that it stands on, is invalid. What is so whatever else was measured stays: facts, and errors that are the target's
 * own answers. What was kept on a disturbed machine is kept.
 * @param facts whether the run failed by what no measurement is needed for
 */
export function trusted(
  judged: Found,
  { facts, missing, disturbances }: { facts: boolean; missing: string[]; disturbances: string[] },
): Pick<Judgement, 'verdict' | 'reasons'> {
  const { verdict, reasons } = judged
  const why = [...disturbances, ...missing]
  if (verdict === 'invalid') return { verdict, reasons: [...disturbances, ...reasons, ...missing] }
  if (verdict === 'pass')
    return missing.length > 0 ? { verdict: 'invalid', reasons: missing } : { verdict, reasons }
  const isTimeless = judged.evidence.some(({ passed, isTimeless }) => !passed && isTimeless)
  if (why.length === 0 || facts || isTimeless || hasOwnErrors(judged.routes)) return { verdict, reasons }
  return { verdict: 'invalid', reasons: [...why, ...reasons] }
}

/** Whether so many answers were wrong by themselves that a slow machine does not explain it. */
function hasOwnErrors(routes: readonly Answered[]): boolean {
  const requests = sum(routes.map(({ count }) => count))
  const errors = sum(routes.map(ownErrorsOf))
  return (
    errors > errorRate * requests || routes.some((route) => tooManyErrors(ownErrorsOf(route), route.count))
  )
}

/** Errors that are the target's own answers, however busy the machine was. */
export function ownErrorsOf({ errors }: Pick<RouteResult, 'errors'>): number {
  const late = sum(errorsOfTime.map((kind) => errors[kind as keyof typeof errors] ?? 0))
  return Math.max(0, failedOf(errors) - late)
}

/** Why a run says nothing where others alone are the reason of it; else null. */
export const disturbanceOf = ({
  verdict,
  isDisturbed,
  notes,
}: Pick<Result, 'verdict' | 'isDisturbed' | 'notes'>): string | null =>
  verdict === 'invalid' && isDisturbed ? (notes[0] ?? null) : null

/** Plays again what others disturbed, a few times; the last one stands, whatever it is. */
export async function playedAgain<T>(
  play: () => Promise<T>,
  disturbed: (played: T) => string | null,
  say: (line: string) => void,
): Promise<T> {
  for (let again = 0; ; again++) {
    const played = await play()
    const why = disturbed(played)
    if (why === null || again === validity.replays) return played
    say(`${why}: played again`)
  }
}
