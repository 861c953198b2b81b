import { interruption } from '../judge/invalid-reasons.ts'
import { disturbanceOf, playedAgain } from '../judge/machine.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { Result } from '../result/result.ts'
import { fitLaw, type Point } from './scalability.ts'
import { type Probe, search } from './search.ts'

const confirmations = 3
/** Of the users to begin with: a law through nothing but many users near the limit would say nothing of what few do. */
const few = [1 / 8, 1 / 4]

/**
 * Runs the scenario with more and with fewer users until it is known how many hold.
 * @returns the last run that held three times (or the last at all), with the bracket and the verdict of the search
 */
export async function measureCapacity(
  plan: Plan,
  play: (plan: Plan) => Promise<Result>,
  say: (line: string) => void,
): Promise<Result> {
  const results: Result[] = []
  const playSound = (of: Plan) => playedAgain(() => play(of), disturbanceOf, say)
  const probe = async (users: number): Promise<Probe> => {
    // Fewer users need longer for as many samples of each route.
    const duration = Math.round(plan.duration * Math.max(1, plan.users / users))
    const result = await playSound({ ...plan, users, duration })
    results.push(result)
    const { verdict, reasons, totals } = result
    say(
      `${users} users: ${verdict}, ${totals.requestsPerSecond.toFixed(0)} requests/s${reasons[0] ? `; ${reasons[0]}` : ''}`,
    )
    const interrupted = reasons.includes(interruption)
    return {
      users,
      verdict,
      stepsPerSecond: stepsPerSecondOf(result),
      why: reasons[0] ?? '',
      interrupted,
      disturbed: disturbanceOf(result) !== null,
    }
  }
  // Everybody's session and every tenant's lists are in no cache yet: the first run would pay for all of them.
  say('warming up')
  const warm = await play(plan)
  if (warm.reasons.includes(interruption)) return warm
  const points: Point[] = []
  for (const share of few) {
    const users = Math.max(1, Math.round(plan.users * share))
    say(`the work of ${users} users, for the scalability law`)
    const result = await playSound({ ...plan, users })
    if (result.reasons.includes(interruption)) return result
    if (result.verdict !== 'invalid') points.push({ users, stepsPerSecond: stepsPerSecondOf(result) })
  }
  const most = plan.population.users
  const found = await search({ start: plan.users, most, confirmations, probe })
  const { lastPass, firstFail, confirmed, invalid, probes } = found
  points.push(...probes.filter(({ verdict }) => verdict !== 'invalid'))
  const best = results.findLast(({ workload, verdict }) => workload.users === lastPass && verdict === 'pass')
  const broke = results.find(({ workload, verdict }) => workload.users === firstFail && verdict === 'fail')
  const last = best ?? results.at(-1)
  if (!last) throw new Error('no run was made')
  const reasons = invalid
    ? [`capacity is unknown: ${invalid}`]
    : lastPass === 0
      ? [
          `not even ${Math.min(...probes.map(({ users }) => users))} users were carried`,
          ...(last.reasons ?? []),
        ]
      : []
  return {
    ...last,
    run: `${last.run}-search`,
    verdict: invalid ? 'invalid' : lastPass > 0 && confirmed ? 'pass' : 'fail',
    reasons,
    capacity: {
      lastPass,
      firstFail,
      confirmations: confirmed ? confirmations : 0,
      brokenBy: broke?.reasons.slice(0, 3) ?? [],
      limiting: broke?.observed.limiting ?? null,
      probes: probes.map(({ users, verdict, stepsPerSecond }) => ({ users, verdict, stepsPerSecond })),
      law: fitLaw(points.filter(({ stepsPerSecond }) => stepsPerSecond > 0)),
    },
  }
}

const stepsPerSecondOf = ({ little }: Result): number => little[0]?.stepsPerSecond ?? 0
