import { errorClasses } from '@headroom/loadtests/wire/message.ts'
import { parts, visitedPages, vitals } from '@headroom/loadtests/wire/visits.ts'
import { z } from 'zod'
import { Evidence } from './evidence.ts'

const milliseconds = z.number().nonnegative()

export const RouteResult = z.object({
  route: z.string(),
  phase: z.string(),
  count: z.number().int(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  ttfbP95: milliseconds,
  /** Null where times are told and not judged. */
  ttfbLimit: milliseconds.nullable(),
  /** Of the whole answer's p95. */
  latencyLimit: milliseconds.nullable().default(null),
  /** How many were not below the limits: counted, where percentiles are within 0.5%. */
  over: z.object({ ttfb: z.number().int(), latency: z.number().int() }).default({ ttfb: 0, latency: 0 }),
  errors: z.partialRecord(z.enum(errorClasses), z.number().int()),
  passed: z.boolean(),
})
export type RouteResult = z.infer<typeof RouteResult>

/** One request of a kind of error. */
export const ErrorExample = z.object({
  route: z.string(),
  class: z.enum(errorClasses),
  /** Method and path. */
  request: z.string(),
  /** 0 when there was no answer. */
  status: z.number().int(),
  /** What was wrong, in words. */
  why: z.string(),
  /** The first bytes of the answer, where it was read. */
  body: z.string(),
})
export type ErrorExample = z.infer<typeof ErrorExample>

/** A stage of the run, over all routes. */
export const PhaseResult = z.object({
  phase: z.string(),
  judged: z.enum(['all', 'errors', 'none']),
  /** Users at its end. */
  users: z.number().int(),
  durationMs: milliseconds,
  requests: z.number().int(),
  requestsPerSecond: z.number(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  errors: z.number().int(),
})
export type PhaseResult = z.infer<typeof PhaseResult>

/** One kind of people, over all routes: a persona, or the tier of their tenant. */
export const GroupResult = z.object({
  group: z.string(),
  phase: z.string(),
  count: z.number().int(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  errors: z.number().int(),
})
export type GroupResult = z.infer<typeof GroupResult>

/** Little's law in a judged phase: users = throughput × (response time + think time). */
export const LittleResult = z.object({
  phase: z.string(),
  /** Mean users at once. */
  users: z.number(),
  stepsPerSecond: z.number(),
  responseMs: milliseconds,
  thinkMs: milliseconds,
  /** Throughput × (response + think) over users; 1 when nobody was lost. */
  ratio: z.number(),
  /** A step that was due in the phase: its mean latency as told, and by the clock until the generator went on. */
  toldMs: milliseconds.nullable().default(null),
  clockMs: milliseconds.nullable().default(null),
})
export type LittleResult = z.infer<typeof LittleResult>

/** What the parts of Worklane tell of themselves over the judged time; null where nobody was asked. */
export const Observed = z.object({
  /** All of the machine's CPU, this run's or not, as a share of its cores. */
  machineCpuShare: z.number().nullable(),
  parts: z.record(
    z.string(),
    z.object({
      cores: z.number(),
      rssBytes: z.number(),
      eventLoopLagP99Ms: z.number().nullable(),
      /** Requests that waited for a connection to Postgres, at most. */
      poolWaiting: z.number().nullable(),
    }),
  ),
  cacheHitRatio: z.number().nullable(),
  /** What writes brought about later: how many, how long after (ms), and the longest that one waited for a worker. */
  effects: z.object({
    count: z.number(),
    delayP95Ms: z.number().nullable(),
    oldestWaitingMs: z.number().nullable(),
  }),
  /**
   * What Stripe told: how many events came to their effect, how long after they were delivered (ms), and the longest that
   * one waited.
   */
  webhooks: z
    .object({
      count: z.number(),
      effectP95Ms: z.number().nullable(),
      oldestWaitingMs: z.number().nullable(),
    })
    .default({ count: 0, effectP95Ms: null, oldestWaitingMs: null }),
  /**
   * Pages of which a part failed after the page had told its status, by route and kind: nobody who looks at the status
   * sees them. Null where nobody could watch.
   */
  failedPages: z
    .array(z.object({ route: z.string(), kind: z.string(), count: z.number() }))
    .nullable()
    .default(null),
  /** The statements that took most of Postgres's time, by pg_stat_statements. */
  statements: z.array(
    z.object({ query: z.string(), calls: z.number(), meanMs: z.number(), share: z.number() }),
  ),
  /** The part that had nothing left, if one had. */
  limiting: z.object({ part: z.string(), why: z.string() }).nullable(),
})
export type Observed = z.infer<typeof Observed>

/** Of a target whose parts are not ours to watch. */
export const nothingObserved: Observed = {
  machineCpuShare: null,
  parts: {},
  cacheHitRatio: null,
  statements: [],
  limiting: null,
  effects: { count: 0, delayP95Ms: null, oldestWaitingMs: null },
  webhooks: { count: 0, effectP95Ms: null, oldestWaitingMs: null },
  failedPages: null,
}

/** How memory went over the judged time, by process: bytes a minute, least squares. */
export const MemorySlope = z.object({
  process: z.string(),
  what: z.enum(['resident', 'array buffers']),
  /** Null where a straight line has too few samples. */
  bytesPerMinute: z.number().nullable(),
  /** That the line goes through. */
  samples: z.number().int().default(0),
  lastBytes: z.number(),
})
export type MemorySlope = z.infer<typeof MemorySlope>

/** What others used of the machine while it measured, at their busiest. Cores. */
export const MachineLoad = z.object({
  /** Other processes. */
  foreignCores: z.number().nonnegative(),
  /** Other machines, by steal time; null where nobody tells. */
  stolenCores: z.number().nullable(),
  /** That may be used. */
  cores: z.number().int(),
  /** The other processes that used most, by the name of their program. */
  largest: z.array(z.object({ name: z.string(), cores: z.number() })),
})
export type MachineLoad = z.infer<typeof MachineLoad>

const Part = z.enum(Object.values(parts))

/** A web vital on a page, over all visits of a part; null where there was none. CLS has no unit, the others are ms. */
export const VitalResult = z.object({
  page: z.enum(visitedPages),
  part: Part,
  vital: z.enum(vitals),
  samples: z.number().int(),
  median: z.number().nullable(),
  p75: z.number().nullable(),
  /** Of the median. */
  limit: z.number(),
  passed: z.boolean(),
})
export type VitalResult = z.infer<typeof VitalResult>

/** The visits of a part, and what was seen where it was not the right page. */
export const PartResult = z.object({
  part: Part,
  visits: z.number().int(),
  shown: z.number().int(),
  wrong: z.array(z.object({ what: z.string(), count: z.number().int() })),
  /** What the browser and k6 beside it took of this machine. */
  cores: z.number().nullable(),
})
export type PartResult = z.infer<typeof PartResult>

/** What a real browser measured, alone and while the swarm played. */
export const BrowserResult = z.object({
  chromium: z.string(),
  parts: z.array(PartResult),
  vitals: z.array(VitalResult),
})
export type BrowserResult = z.infer<typeof BrowserResult>

/** pass: every limit held. fail: one did not. invalid: the run says nothing, and why. */
export const Verdict = z.enum(['pass', 'fail', 'invalid'])
export type Verdict = z.infer<typeof Verdict>

const GeneratorResult = z.object({
  cpuMsPerRequest: z.number().nullable(),
  cpuShareOfCore: z.number().nullable(),
  peakRssBytes: z.number().nullable(),
  scheduleLagP99Ms: z.number().nullable(),
  /** Requests that waited for one of the generator's own connections, and how long 99 of 100 of all waited at most. */
  connectionWaits: z
    .object({ requests: z.number().int(), p99Ms: milliseconds })
    .default({ requests: 0, p99Ms: 0 }),
  activeUsers: z.number().int(),
  /** Live updates that were held open at the end. */
  streams: z.number().int(),
  /** What makes every figure worthless: it was late, out of CPU, or lost users or messages. */
  invalidReasons: z.array(z.string()).default([]),
})

/** `invalidReasons` was called `doubts` in version 1 of a result, and in slices of that time. */
export function withInvalidReasons(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('doubts' in value)) return value
  const { doubts, ...rest } = value
  return { ...rest, invalidReasons: doubts }
}

/** What a run leaves in results/<run>/result.json. Times are milliseconds, memory is bytes. */
export const Result = z.object({
  /** 3 is written; 1 and 2 are read. */
  version: z.literal([1, 2, 3]),
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
    /** That the users belong to; null where nobody knows. */
    tenants: z.number().int().nullable(),
    shards: z.number().int(),
    faults: z.array(z.string()),
  }),
  verdict: Verdict,
  reasons: z.array(z.string()),
  /** What is told whatever the verdict is, such as that others used the machine. */
  notes: z.array(z.string()).default([]),
  /** Whether others that used the machine may be the whole reason why the run is invalid. */
  isDisturbed: z.boolean().default(false),
  /** What this verdict knows nothing of, and why. */
  notWatched: z.array(z.string()).default([]),
  /** Null where the machine was not watched. */
  machineLoad: MachineLoad.nullable().default(null),
  evidence: z.array(Evidence),
  routes: z.array(RouteResult),
  /** One of each kind of error of each route. */
  examples: z.array(ErrorExample).default([]),
  phases: z.array(PhaseResult),
  groups: z.array(GroupResult),
  little: z.array(LittleResult),
  /** Where a limit broke first as users came, whatever was judged; null when none did. */
  firstBreak: z
    .object({
      at: milliseconds,
      users: z.number().int(),
      route: z.string(),
      ttfbP95: milliseconds,
      limit: milliseconds,
      requestsPerSecond: z.number(),
    })
    .nullable(),
  totals: z.object({
    requests: z.number().int(),
    errors: z.number().int(),
    requestsPerSecond: z.number(),
    availability: z.number(),
    probes: z.number().int(),
    leaks: z.number().int(),
  }),
  generator: z.preprocess(withInvalidReasons, GeneratorResult),
  /** Only of a search for capacity: the other figures are then those of the last run that held. */
  capacity: z
    .object({
      /** The most users that held, and the fewest that did not; null when the whole population held. */
      lastPass: z.number().int(),
      firstFail: z.number().int().nullable(),
      /** How often the most held again. */
      confirmations: z.number().int(),
      brokenBy: z.array(z.string()),
      limiting: z.object({ part: z.string(), why: z.string() }).nullable(),
      probes: z.array(
        z.object({
          users: z.number().int(),
          verdict: z.enum(['pass', 'fail', 'invalid']),
          stepsPerSecond: z.number(),
        }),
      ),
      /** The universal scalability law through the probes; null for fewer than six numbers of users. */
      law: z
        .object({
          gamma: z.number(),
          alpha: z.number(),
          beta: z.number(),
          peakUsers: z.number().nullable(),
          band: z.array(z.object({ users: z.number(), low: z.number(), fit: z.number(), high: z.number() })),
        })
        .nullable(),
    })
    .optional(),
  /** Only of the scenario `browser`. */
  browser: BrowserResult.optional(),
  /** Empty for a target that is not ours. */
  observed: Observed,
  memory: z.array(MemorySlope),
})
export type Result = z.infer<typeof Result>
