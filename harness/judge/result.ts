import { errorClasses, phases } from '@headroom/loadtests/wire/message.ts'
import { z } from 'zod'

const milliseconds = z.number().nonnegative()

export const RouteResult = z.object({
  route: z.string(),
  count: z.number().int(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  ttfbP95: milliseconds,
  ttfbLimit: milliseconds,
  errors: z.partialRecord(z.enum(errorClasses), z.number().int()),
  passed: z.boolean(),
})
export type RouteResult = z.infer<typeof RouteResult>

/** One limit: what was promised, what was measured, on how many samples. */
export const Evidence = z.object({
  limit: z.string(),
  route: z.string().optional(),
  phase: z.enum(phases).optional(),
  wanted: z.string(),
  measured: z.string(),
  samples: z.number().int(),
  passed: z.boolean(),
})
export type Evidence = z.infer<typeof Evidence>

/** pass: every limit held. fail: one did not. invalid: the run says nothing, and why. */
export const Verdict = z.enum(['pass', 'fail', 'invalid'])
export type Verdict = z.infer<typeof Verdict>

/** What a run leaves in results/<run>/result.json. Times are milliseconds, memory is bytes. */
export const Result = z.object({
  version: z.literal(1),
  run: z.string(),
  scenario: z.string(),
  startedAt: z.iso.datetime(),
  revision: z.string().nullable(),
  machine: z.object({
    cores: z.number().int(),
    memoryBytes: z.number(),
    platform: z.string(),
    node: z.string(),
  }),
  target: z.string(),
  workload: z.object({
    users: z.number().int(),
    thinkMs: milliseconds,
    rampMs: milliseconds,
    durationMs: milliseconds,
    seed: z.number().int(),
    population: z.object({
      seed: z.number().int(),
      organisations: z.number().int(),
      users: z.number().int(),
    }),
    tenants: z.number().int(),
    faults: z.array(z.string()),
  }),
  verdict: Verdict,
  reasons: z.array(z.string()),
  evidence: z.array(Evidence),
  routes: z.array(RouteResult),
  totals: z.object({
    requests: z.number().int(),
    errors: z.number().int(),
    requestsPerSecond: z.number(),
    availability: z.number(),
    probes: z.number().int(),
    leaks: z.number().int(),
  }),
  generator: z.object({
    cpuMsPerRequest: z.number().nullable(),
    cpuShareOfCore: z.number().nullable(),
    peakRssBytes: z.number().nullable(),
    scheduleLagP99Ms: z.number().nullable(),
    activeUsers: z.number().int(),
  }),
  /** CPU of each part of the stack during the judged phase, in cores; empty for a target that is not ours. */
  parts: z.record(z.string(), z.object({ cores: z.number(), rssBytes: z.number() })),
})
export type Result = z.infer<typeof Result>
