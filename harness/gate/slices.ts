import type { Metric } from '@headroom/perf-budgets/gate/judge.ts'
import type { Pair } from '@headroom/perf-budgets/gate/statistics.ts'
import { gate, validity } from '@headroom/perf-budgets/slo.ts'
import { z } from 'zod'
import { disturbancesOf } from '../judge/machine.ts'
import { isPage } from '../plan/routes.ts'
import { type Result, withInvalidReasons } from '../result/result.ts'

export const sideNames = ['base', 'head'] as const
export type SideName = (typeof sideNames)[number]
/** Both sides, this one first. */
export const sidesFrom = (first: SideName): readonly SideName[] =>
  first === 'base' ? sideNames : sideNames.toReversed()

/**
 * A few seconds of load on one side, while the other side has the same: what a gate is made of, and what it leaves in
 * slices.json.
 */
const SliceFields = z.object({
  /** Negative of one that only warms up: never compared, and a leak in it is a leak. */
  pair: z.number().int(),
  side: z.enum(sideNames),
  /** 0 for the side whose users were sent a moment before the other's. */
  turn: z.number().int(),
  /** Users, journeys and think times: both sides of a pair play the same. */
  seed: z.number().int(),
  requests: z.number().int(),
  errors: z.number().int(),
  leaks: z.number().int(),
  /** CPU of the side's processes by kind, in ms a request; null where they are not ours to watch. */
  cpu: z.record(z.string(), z.number()).nullable(),
  routes: z.array(z.object({ route: z.string(), count: z.number(), p50: z.number(), p95: z.number() })),
  /** Whether it is known what others used of the machine meanwhile; missing in slices from before it was. */
  isMachineWatched: z.boolean().optional(),
  /** Of the generator or the machine, never of the answers: why this slice says nothing. */
  invalidReasons: z.array(z.string()),
})
export const Slice = z.preprocess(withInvalidReasons, SliceFields)
export type Slice = z.infer<typeof Slice>

/**
 * @param cpuSeconds that the side's processes had taken by kind when the judged time began, and when it ended
 * @param failedPages that the web itself knows of in the judged time: most of them, but not all, the swarm sees as well;
 * null where it was asked in vain, which is not the same as none
 */
export function sliceOf(
  result: Result,
  of: Pick<Slice, 'pair' | 'side' | 'turn' | 'seed'>,
  cpuSeconds: { before: Record<string, number>; after: Record<string, number> } | null,
  failedPages: number | null,
): Slice {
  const { totals, routes, generator } = result
  return {
    ...of,
    requests: totals.requests,
    errors: Math.max(totals.errors, failedPages ?? 0),
    leaks: totals.leaks,
    cpu:
      cpuSeconds === null || totals.requests === 0
        ? null
        : eachCpu(
            cpuSeconds.after,
            (seconds, kind) => (1000 * (seconds - (cpuSeconds.before[kind] ?? 0))) / totals.requests,
          ),
    routes: routes.map(({ route, count, p50, p95 }) => ({ route, count, p50, p95 })),
    isMachineWatched: result.machineLoad !== null,
    invalidReasons: [
      ...generator.invalidReasons,
      ...disturbancesOf(result.machineLoad),
      ...(failedPages === null ? ['how many pages failed is not known: the web did not tell'] : []),
      ...(totals.requests < validity.minimumSamples
        ? [`only ${totals.requests} requests were answered`]
        : []),
    ],
  }
}

export const eachCpu = (
  cpu: Record<string, number>,
  change: (figure: number, kind: string) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(cpu).map(([kind, figure]) => [kind, change(figure, kind)]))

/** What a comparison of these slices knows nothing of. */
export const notWatchedIn = (slices: readonly Slice[]): string[] => [
  ...(slices.length > 0 && slices.every(({ cpu }) => cpu === null)
    ? ['CPU of the processes of both sides: they were not started here, or this system does not tell']
    : []),
  ...(slices.some(({ isMachineWatched }) => isMachineWatched === false)
    ? ['what other processes used of this machine: who serves on it, or what it does, cannot be told']
    : []),
]

/** Pairs of which both slices say something. */
export function soundPairs(slices: readonly Slice[]): { base: Slice; head: Slice }[] {
  const played = slices.filter(({ pair }) => pair >= 0)
  return [...Map.groupBy(played, ({ pair }) => pair).values()].flatMap((both) => {
    const [base, head] = sideNames.map((name) => both.find(({ side }) => side === name))
    return base && head && base.invalidReasons.length + head.invalidReasons.length === 0
      ? [{ base, head }]
      : []
  })
}

/** What is compared: the middle and the tail of each kind of route, and CPU where it can be seen. */
export function metricsOf(slices: readonly Slice[]): Metric[] {
  const pairs = soundPairs(slices)
  const routes = new Set(
    pairs.flatMap(({ base, head }) => [...base.routes, ...head.routes]).map(({ route }) => route),
  )
  const pages = [...routes].filter(isPage)
  const others = [...routes].filter((route) => !isPage(route))
  const kinds = [
    ['pages', pages] as const,
    [pages.length > 0 ? 'API' : 'all routes', others] as const,
  ].filter(([, names]) => names.length > 0)
  const times = kinds.flatMap(([kind, names]) =>
    (['p50', 'p95'] as const).map(
      (figure): Metric => ({
        name: `${figure} of ${kind}`,
        unit: 'ms',
        ...gate.figures[figure],
        pairs: pairs.flatMap((pair) => typical(pair, new Set(names), figure) ?? []),
      }),
    ),
  )
  return [...times, ...cpuMetrics(pairs)]
}

/** The processes that are not compared by themselves: Postgres, Redis, nginx, worker. */
export const theRest = 'the rest'

/** One for each kind of process, or one for all together where one side cannot tell them apart. */
function cpuMetrics(pairs: readonly { base: Slice; head: Slice }[]): Metric[] {
  const seen = pairs.flatMap(({ base, head }) =>
    base.cpu && head.cpu ? [{ base: base.cpu, head: head.cpu }] : [],
  )
  const [first] = seen
  if (!first) return []
  // What is left after the others, after the others.
  const kinds = Object.keys(first.base).toSorted((a, b) => Number(a === theRest) - Number(b === theRest))
  const alike = seen.every((pair) => sideNames.every((side) => kinds.every((kind) => pair[side][kind])))
  const metric = (name: string, figure: (cpu: Record<string, number>) => number): Metric => ({
    name,
    unit: 'ms',
    ...gate.figures.cpu,
    pairs: seen.map(({ base, head }): Pair => ({ base: figure(base), head: figure(head) })),
  })
  return alike
    ? kinds.map((kind) => metric(`CPU of ${kind}, a request`, (cpu) => cpu[kind] as number))
    : [metric('CPU a request', (cpu) => Object.values(cpu).reduce((sum, ms) => sum + ms, 0))]
}

/**
 * The geometric mean of a figure over the routes that both slices asked, each with the weight that it has in both:
 * a slice that happened to ask for more dear pages is not slower for it.
 */
function typical(
  { base, head }: { base: Slice; head: Slice },
  names: ReadonlySet<string>,
  figure: 'p50' | 'p95',
): Pair | undefined {
  let weight = 0
  const sums = { base: 0, head: 0 }
  for (const ours of head.routes) {
    const theirs = base.routes.find(({ route }) => route === ours.route)
    if (!theirs || !names.has(ours.route) || !(ours[figure] > 0) || !(theirs[figure] > 0)) continue
    const weighs = Math.min(ours.count, theirs.count)
    weight += weighs
    sums.base += weighs * Math.log(theirs[figure])
    sums.head += weighs * Math.log(ours[figure])
  }
  return weight > 0 ? { base: Math.exp(sums.base / weight), head: Math.exp(sums.head / weight) } : undefined
}

/**
 * Which side comes first in each pair: as often the one as the other, in an order of the seed's. A fixed order makes
 * whatever it is to come first look like a change.
 */
export function ordersOf(pairs: number, random: () => number): SideName[] {
  const firsts = Array.from({ length: pairs }, (_, place): SideName => (place % 2 === 0 ? 'base' : 'head'))
  for (let place = firsts.length - 1; place > 0; place--) {
    const other = Math.floor(random() * (place + 1))
    ;[firsts[place], firsts[other]] = [firsts[other] as SideName, firsts[place] as SideName]
  }
  return firsts
}
