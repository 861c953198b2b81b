import type { Stage } from '@headroom/loadtests/wire/workloads.ts'
import { errorRate, neighbours, validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { Evidence } from '../result/evidence.ts'
import { ms } from '../result/figures.ts'
import type { GroupResult } from '../result/result.ts'
import { tooManyErrors } from './errors.ts'

const noisy = 'tier whale'
const isOther = ({ group }: GroupResult) => group.startsWith('tier ') && group !== noisy

/** What the tenants beside the noisy one notice of its loudest stage, against its quiet one. */
export function neighbourEvidence(groups: readonly GroupResult[], stages: readonly Stage[]): Evidence[] {
  const judged = stages.filter((stage) => stage.judged === 'all')
  const [quiet, loud] = [judged[0], judged.at(-1)]
  if (!quiet || !loud) return []
  const others = groups.filter(isOther)
  const rows = others.flatMap((before): (Evidence & { answered: number })[] => {
    if (before.phase !== quiet.phase) return []
    const now = others.find(({ group, phase }) => group === before.group && phase === loud.phase)
    // Who got nothing at all any more has no time that could be too long.
    if (!now) return [{ ...unanswered(before, limitOf(before.group, loud), loud), answered: 0 }]
    const rate = (of: GroupResult, { duration }: Stage) => (of.count - of.errors) / duration
    return [
      { ...against(before, now, limitOf(now.group, loud)), answered: rate(now, loud) / rate(before, quiet) },
    ]
  })
  const fairness = jain(rows.map(({ answered }) => answered))
  const failed = sum(others.map(({ errors }) => errors))
  const samples = sum(others.map(({ count }) => count))
  return [
    ...rows.map(({ answered: _, ...row }) => row),
    {
      limit: 'fairness among the others (Jain)',
      where: { phase: loud.phase },
      operator: '≥',
      expected: neighbours.fairness,
      actual: fairness,
      unit: 'index',
      samples,
      passed: fairness >= neighbours.fairness,
    },
    {
      limit: 'availability for the others',
      where: {},
      operator: '≤',
      expected: errorRate,
      actual: samples > 0 ? failed / samples : null,
      unit: 'share',
      samples,
      samplesOf: 'requests',
      passed: !tooManyErrors(failed, samples),
    },
  ]
}

/** The highest p95 of who had this one before: so many times as high, or higher by what nobody notices. */
const allowedAfter = ({ p95 }: GroupResult): number =>
  Math.max(p95 * neighbours.p95Ratio, p95 + neighbours.floor)

/** A group's p95 against its own before. */
function against(before: GroupResult, now: GroupResult, limit: string): Evidence {
  const allowed = allowedAfter(before)
  return {
    limit,
    where: { phase: now.phase },
    operator: '≤',
    expected: allowed,
    actual: now.p95,
    unit: 'ms',
    samples: now.count,
    passed: now.p95 <= allowed,
    detail: `${(now.p95 / before.p95).toFixed(2)}× of ${ms(before.p95)}`,
  }
}

/** The stages that a billing storm is judged by, where there is one. */
const stormStages = (stages: readonly Stage[]): [before: Stage, storm: Stage] | null => {
  const [before, storm] = ['before', 'storm'].map((name) => stages.find(({ phase }) => phase === name))
  return before && storm ? [before, storm] : null
}

const isTier = ({ group }: GroupResult) => group.startsWith('tier ')

/** What those who work notice of a month's end, against the minute before; nothing of a run without one. */
export function stormEvidence(groups: readonly GroupResult[], stages: readonly Stage[]): Evidence[] {
  const found = stormStages(stages)
  if (!found) return []
  const [quiet, storm] = found
  return groups
    .filter((group) => isTier(group) && group.phase === quiet.phase)
    .map((before) => {
      const now = groups.find(({ group, phase }) => group === before.group && phase === storm.phase)
      const limit = `p95 of ${before.group} while webhooks come in a burst`
      return now ? against(before, now, limit) : unanswered(before, limit, storm)
    })
}

/** Of whom there are too few answers before the storm or in it to compare the two. */
export function thinInStorm(groups: readonly GroupResult[], stages: readonly Stage[]): string[] {
  const found = stormStages(stages)
  if (!found) return []
  const phases = found.map(({ phase }) => phase)
  const tiers = groups.filter((group) => isTier(group) && phases.includes(group.phase))
  if (tiers.length === 0) return ['nobody got an answer before the storm or in it']
  return tiers
    .filter(({ count }) => count < validity.minimumSamples)
    .map(({ group, phase, count }) => `only ${count} answers for ${group} in ${phase}`)
}

const limitOf = (group: string, { loadMultiplier }: Stage) =>
  `p95 of ${group} while one tenant asks ${loadMultiplier}× as much`

const unanswered = (before: GroupResult, limit: string, { phase }: Stage): Evidence => ({
  limit,
  where: { phase },
  operator: '≤',
  expected: allowedAfter(before),
  actual: null,
  unit: 'ms',
  samples: 0,
  passed: false,
  isTimeless: true,
})

/** The others of which there are too few answers in the quiet stage or in the loudest to compare the two. */
export function thinNeighbours(groups: readonly GroupResult[], stages: readonly Stage[]): string[] {
  const judged = stages.filter(({ judged }) => judged === 'all')
  const phases = [judged[0]?.phase, judged.at(-1)?.phase]
  const others = groups.filter((each) => isOther(each) && phases.includes(each.phase))
  const thin = others.filter(({ count }) => count < validity.minimumSamples)
  const onlyLoud = others.filter(
    ({ group, phase }) =>
      phase === phases[1] && !others.some((each) => each.group === group && each.phase === phases[0]),
  )
  if (others.length === 0) return ['no other tenant got an answer']
  return [
    ...thin.map(({ group, phase, count }) => `only ${count} answers for ${group} in ${phase}`),
    ...onlyLoud.map(({ group }) => `no answer for ${group} in ${phases[0]}, to compare with`),
  ]
}

/**
 * 1 when all get the same, 1/n when one gets everything; 0 for nobody.
 * Source: Jain, Chiu and Hawe, "A Quantitative Measure of Fairness", DEC-TR-301, 1984.
 */
export function jain(shares: readonly number[]): number {
  const greatest = shares.reduce((most, share) => Math.max(most, share), 0)
  if (!(greatest > 0 && Number.isFinite(greatest))) return 0
  // In parts of the greatest, whose squares neither overflow nor vanish.
  const parts = shares.map((share) => share / greatest)
  return sum(parts) ** 2 / (parts.length * sum(parts.map((part) => part ** 2)))
}
