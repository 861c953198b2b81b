import { z } from 'zod'
import { disturbancesOf } from '../judge/machine.ts'
import { Result } from '../result/result.ts'
import { askedOf } from './asked.ts'

/** What is kept of a run on main, one line of a history file each. */
export const RunEntry = z.object({
  kind: z.literal('run'),
  /** Once in a file. */
  run: z.string(),
  at: z.iso.datetime(),
  revision: z.string().nullable(),
  scenario: z.string(),
  /** Option → value. Empty of runs from before it was kept: they count as asked for by default. */
  asked: z.record(z.string(), z.string()).default({}),
  /** Runs of other machines say nothing about each other. */
  machine: z.string(),
  /** Name → value, in the unit that the name ends with. */
  metrics: z.record(z.string(), z.number()),
})
export type RunEntry = z.infer<typeof RunEntry>

/** From here on a metric is held to what it is now, and not to what it once was. */
const Acceptance = z.object({
  kind: z.literal('accepted'),
  at: z.iso.datetime(),
  /** As the check names it. */
  series: z.string(),
  because: z.string().min(1),
})

export const Entry = z.discriminatedUnion('kind', [RunEntry, Acceptance])
export type Entry = z.infer<typeof Entry>

/** Metrics of which more is better; of all others less is. */
const moreIsBetter = ['users carried', 'Lighthouse score']

export const isMoreBetter = (metric: string): boolean => moreIsBetter.some((name) => metric.startsWith(name))

const machineOf = ({ cores, memoryBytes, platform }: Result['machine']) =>
  `${platform}, ${cores} cores, ${Math.round(memoryBytes / 1024 ** 3)} GiB`

/**
 * Of a load test; null of one that says nothing, or that something was broken in on purpose, or whose times are partly
 * those of others who used the machine.
 */
export function entryOfResult(result: Result): RunEntry | null {
  if (result.verdict === 'invalid' || result.workload.faults.length > 0) return null
  const { run, startedAt, revision, scenario, routes, generator, capacity } = result
  // So many users held all the same.
  if (!capacity && disturbancesOf(result.machineLoad).length > 0) return null
  const metrics = capacity
    ? { 'users carried': capacity.lastPass }
    : {
        ...Object.fromEntries(
          routes.map(({ route, phase, ttfbP95 }) => [
            `TTFB p95 of ${route}${phase === 'steady' ? '' : ` in ${phase}`}, ms`,
            ttfbP95,
          ]),
        ),
        ...(generator.cpuMsPerRequest === null
          ? {}
          : { "generator's CPU a request, ms": generator.cpuMsPerRequest }),
      }
  return {
    kind: 'run',
    run,
    at: startedAt,
    revision,
    scenario,
    machine: machineOf(result.machine),
    asked: askedOf(result),
    metrics: metrics as Record<string, number>,
  }
}

/** What `pnpm lighthouse` leaves. */
export const LighthouseFile = z.object({
  run: z.string(),
  startedAt: z.iso.datetime(),
  revision: z.string().nullable(),
  machine: Result.shape.machine,
  verdict: z.enum(['pass', 'fail', 'invalid']),
  /** Missing in files from before it was kept. */
  faults: z.array(z.string()).default([]),
  /** What others used of the machine; missing as above. */
  notes: z.array(z.string()).default([]),
  /** The part of Worklane that ended meanwhile; missing as above. */
  crashed: z.string().nullable().default(null),
  runs: z.number().int(),
  forms: z.array(
    z.object({
      formFactor: z.string(),
      pages: z.array(
        z.object({ name: z.string(), measures: z.record(z.string(), z.object({ actual: z.number() })) }),
      ),
    }),
  ),
})

const lighthouseMetrics: Record<string, (what: string) => string> = {
  'categories:performance': (what) => `Lighthouse score of ${what}`,
  'largest-contentful-paint': (what) => `LCP of ${what}, ms`,
  'total-blocking-time': (what) => `TBT of ${what}, ms`,
  'total-byte-weight': (what) => `bytes of ${what}`,
  'resource-summary:script:size': (what) => `script of ${what}, bytes`,
}

/** Of an audit; null of one that says nothing, or that something broke in, on purpose or not. */
export function entryOfLighthouse(result: z.infer<typeof LighthouseFile>): RunEntry | null {
  if (result.verdict === 'invalid' || result.faults.length > 0 || result.crashed !== null) return null
  if (result.notes.length > 0) return null
  const { run, startedAt, revision, machine, runs, forms } = result
  const metrics = forms.flatMap(({ formFactor, pages }) =>
    pages.flatMap(({ name, measures }) =>
      Object.entries(lighthouseMetrics).flatMap(([audit, named]) => {
        const measure = measures[audit]
        return measure ? [[named(`${name} (${formFactor})`), measure.actual] as const] : []
      }),
    ),
  )
  return {
    kind: 'run',
    run,
    at: startedAt,
    revision,
    scenario: 'lighthouse',
    machine: machineOf(machine),
    asked: { runs: `${runs}` },
    metrics: Object.fromEntries(metrics),
  }
}
