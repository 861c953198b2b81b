import { evidenceOf, type Watchable } from '@headroom/loadtests/wire/evidence.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { MemorySlope, Observed } from '../result/result.ts'
import type { Missing } from './observe.ts'

/** What was to be watched of a stack of ours; of any other target nothing is. */
export type Watched = { missing: readonly Missing[]; observed: Observed; memory: readonly MemorySlope[] }

/** What is not there of what a scenario stands on, and why; empty of a target that is not ours. */
export function missingEvidence(scenario: Plan['scenario'], watched: Watched | null): string[] {
  if (scenario === 'journey' || watched === null) return []
  const isRequired = ({ what }: Missing) => evidenceOf[scenario].includes(what)
  return [...watched.missing, ...thin(watched)]
    .filter(isRequired)
    .map(({ what, why }) => `${what}, which ${scenario} stands on, is missing: ${why}`)
}

/** Whether a reason is that evidence is missing. */
export const isMissing = (reason: string): boolean => /, which \S+ stands on, is missing: /.test(reason)

/** What else the result knows nothing of. */
export function notWatched(scenario: Plan['scenario'], watched: Watched | null): string[] {
  if (watched === null) return [`${ofTheTarget.join(', ')} of the target: it was not started here`]
  const isRequired = ({ what }: Missing) => scenario !== 'journey' && evidenceOf[scenario].includes(what)
  return watched.missing.filter((each) => !isRequired(each)).map(({ what, why }) => `${what}: ${why}`)
}

const ofTheTarget: Watchable[] = ['CPU of the parts', 'memory slopes', 'delay of effects', 'failed pages']

/** Of what was watched, what is too little to say anything. */
function thin({ observed, memory, missing }: Watched): Missing[] {
  const { minimumSamples } = validity
  const lacks = (what: Watchable) => missing.some((each) => each.what === what)
  const { count, delayP95Ms } = observed.effects
  const effects =
    count < minimumSamples || delayP95Ms === null
      ? [`only ${count} effects of writes came to their end, ${minimumSamples} are needed; ${more}`]
      : []
  const few =
    observed.webhooks.count < minimumSamples || observed.webhooks.effectP95Ms === null
      ? [
          `only ${observed.webhooks.count} webhooks came to their effect, ${minimumSamples} are needed; ${more}`,
        ]
      : []
  const slopes = memory
    .filter(({ samples }) => samples < minimumSamples)
    .map(
      ({ process, what, samples }) =>
        `only ${samples} samples of ${process}'s memory (${what}) once it was warm, ${minimumSamples} are needed; run longer`,
    )
  return [
    ...(lacks('delay of effects') ? [] : effects.map((why): Missing => ({ what: 'delay of effects', why }))),
    ...(lacks('webhook effects') ? [] : few.map((why): Missing => ({ what: 'webhook effects', why }))),
    ...slopes.map((why): Missing => ({ what: 'memory slopes', why })),
  ]
}

const more = 'run longer or with more users'
