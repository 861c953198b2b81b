/**
 * What is counted and not timed: queries of a request, bytes of an answer, bytes of a page's scripts, bytes allocated
 * for it. Both sides are asked the same on a quiet machine, so a difference is a change and needs no statistics.
 */
export const counterKinds = ['queries', 'bytes', 'script', 'allocated'] as const
export type CounterKind = (typeof counterKinds)[number]

/** Kind → route → how much. A kind that a side cannot tell is left out. */
export type Counters = Partial<Record<CounterKind, Readonly<Record<string, number>>>>

/** Of a kind: a rise is one from this ratio and this amount on, both. */
export type CounterRules = Readonly<Record<CounterKind, { ratio: number; amount: number }>>

export type CounterFinding = {
  /** A budget is a limit of slo.ts itself. */
  kind: CounterKind | 'budget'
  route: string
  base: number
  /** Null where there is none any more. */
  head: number | null
  call: 'worse' | 'better' | 'accepted'
}

export type CounterJudgement = {
  /** How many were compared. */
  compared: number
  /** Those that changed. */
  findings: CounterFinding[]
}

/**
 * What base answers or tells and head does not is worse: it would be the cheapest of all.
 * @param accepted names of counters that may rise, `queries page /dashboard` or a kind alone: whoever made the change
 *                 knows
 */
export function judgeCounters(
  base: Counters,
  head: Counters,
  rules: CounterRules,
  accepted: readonly string[] = [],
): CounterJudgement {
  const pairs = counterKinds.flatMap((kind) =>
    Object.entries(base[kind] ?? {}).map(([route, before]) => ({
      kind,
      route,
      base: before,
      head: head[kind]?.[route] ?? null,
    })),
  )
  const findings = pairs.flatMap((pair): CounterFinding[] => {
    const { ratio, amount } = rules[pair.kind]
    const differs = (more: number, less: number) => more - less >= amount && more >= less * ratio
    if (pair.head !== null && differs(pair.base, pair.head)) return [{ ...pair, call: 'better' }]
    if (pair.head !== null && !differs(pair.head, pair.base)) return []
    return [{ ...pair, call: isAccepted(accepted, pair.kind, pair.route) ? 'accepted' : 'worse' }]
  })
  return { compared: pairs.length, findings }
}

export const fewest = (known: number | undefined, more: number): number => Math.min(known ?? more, more)

/** Of what was counted twice the lesser, which has less of what else went on. A kind that one lacks is left out. */
export const lesser = (one: Counters, other: Counters): Counters =>
  Object.fromEntries(
    counterKinds.flatMap((kind) => {
      const [first, second] = [one[kind], other[kind]]
      if (!first || !second) return []
      const both = Object.entries(first).map(([route, count]) => [route, fewest(second[route], count)])
      return [[kind, Object.fromEntries(both)]]
    }),
  )

/** By kind and route, or a kind alone. */
export const isAccepted = (accepted: readonly string[], kind: string, route: string): boolean =>
  accepted.some((name) => name === kind || name === `${kind} ${route}`)

const order: CounterFinding['call'][] = ['worse', 'accepted', 'better']

/** Several judgements as one, the worse findings first. */
export const together = (...judgements: readonly CounterJudgement[]): CounterJudgement => ({
  compared: judgements.reduce((sum, { compared }) => sum + compared, 0),
  findings: judgements
    .flatMap(({ findings }) => findings)
    .sort((a, b) => order.indexOf(a.call) - order.indexOf(b.call)),
})
