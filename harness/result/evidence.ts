import { z } from 'zod'
import { ms, percent } from './figures.ts'

/**
 * One limit, what was expected and what was measured, as figures: a report draws them, `expectedOf` and `actualOf` put
 * them into words.
 */
const Fields = z.object({
  limit: z.string(),
  /** Empty where it is about the whole run. */
  where: z.object({ route: z.string().optional(), phase: z.string().optional() }).default({}),
  operator: z.enum(['<', '≤', '=', '≥']),
  /** Null where there should be a limit, and is none. */
  expected: z.number().nullable(),
  /** Null where there was nothing to measure. */
  actual: z.number().nullable(),
  /** A share is from 0 to 1. `words` stands in results of versions 1 and 2 alone: there `detail` tells all. */
  unit: z.enum(['ms', 's', 'share', 'count', 'index', 'bytes per minute', 'words']),
  samples: z.number().int(),
  /** What the samples are: requests, events. */
  samplesOf: z.string().optional(),
  /** Not by the operator alone: a share that chance explains is within its limit. */
  passed: z.boolean(),
  /** What the figure is made of. */
  detail: z.string().optional(),
  /** Some of what is wrong. */
  examples: z.array(z.string()).optional(),
  /** Of what is no matter of time: a busy machine does not break it. */
  isTimeless: z.boolean().optional(),
})
export type Evidence = z.infer<typeof Fields>

/** Reads also what versions 1 and 2 wrote, which were sentences. */
export const Evidence = z.preprocess(fromWords, Fields)

type InWords = { limit: string; route?: string; phase?: string; wanted: string; measured: string }

function fromWords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('wanted' in value)) return value
  const { route, phase, wanted, measured, ...rest } = value as InWords
  return {
    ...rest,
    where: { route, phase },
    operator: '=',
    expected: null,
    actual: null,
    unit: 'words',
    detail: `${measured}, expected ${wanted}`,
  }
}

/** As `< 300 ms`. */
export function expectedOf({ operator, expected, unit }: Evidence): string {
  if (unit === 'words') return ''
  if (expected === null) return 'a limit of its own'
  if (unit === 'share' && expected === 0) return 'none'
  if (unit === 'share' && expected === 1) return 'all'
  return `${operator === '=' ? '' : `${operator} `}${figure(expected, unit)}`
}

/** As `412 ms`, or `3 of 2908 requests (2 timeout, 1 status)`. */
export function actualOf(evidence: Evidence): string {
  const { detail, examples = [] } = evidence
  if (evidence.unit === 'words') return detail ?? ''
  return [
    measuredIn(evidence),
    ...(detail ? [` (${detail})`] : []),
    ...(examples.length > 0 ? [`, such as ${examples.join('; ')}`] : []),
  ].join('')
}

function measuredIn({ actual, expected, unit, samples, samplesOf }: Evidence): string {
  if (actual === null) return 'nothing'
  if (unit !== 'share' && unit !== 'count') return figure(actual, unit)
  const counted = unit === 'share' ? Math.round(actual * samples) : actual
  const told = `${counted} of ${samples}${samplesOf ? ` ${samplesOf}` : ''}`
  // The rule of three: what samples without one that failed can say at all, with 95% confidence.
  const isRare = unit === 'share' && counted === 0 && samples > 0 && (expected ?? 0) < 1
  return isRare ? `${told} (in truth < ${percent(Math.min(1, 3 / samples), 3)} at 95%)` : told
}

function figure(value: number, unit: Evidence['unit']): string {
  switch (unit) {
    case 'ms':
      return Number.isInteger(value) ? `${value.toLocaleString('en')} ms` : ms(value)
    case 's':
      return `${Number.isInteger(value) ? value : value.toFixed(2)} s`
    case 'share':
      return percent(value)
    case 'bytes per minute':
      return `${(value / 1024).toFixed(0)} KB a minute`
    default:
      return String(Number(value.toFixed(3)))
  }
}
