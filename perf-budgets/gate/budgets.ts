import { type CounterJudgement, isAccepted } from './counters.ts'

/** A module such as slo.ts, of one revision. */
export type Limits = Readonly<Record<string, unknown>>

/** What is promised, or held to; the others say how it is measured. */
const promised = [
  ...[
    'ttfbP95',
    'promises',
    'lighthouse',
    'webVitals',
    'routes',
    'soak',
    'neighbours',
    'appCosts',
    'generator',
  ],
  ...['effects'],
]
/** Of these more is stricter. */
const atLeast = new Set([
  'promises.availability.target',
  'promises.concurrency.users',
  'lighthouse.performance.mobile',
  'lighthouse.performance.desktop',
  'neighbours.fairness',
])
/** Of these neither is. */
const neutral = new Set(['promises.availability.days', 'lighthouse.runs'])

/**
 * The limits that head holds itself to less than base did, or not at all any more.
 * @param accepted names of limits that may be looser: `budget routes.page /.ttfbP95`
 */
export function judgeBudgets(base: Limits, head: Limits, accepted: readonly string[] = []): CounterJudgement {
  const [before, now] = [numbersOf(base), numbersOf(head)]
  const findings = [...before].flatMap(([path, was]): CounterJudgement['findings'] => {
    const is = now.get(path)
    // A route that is gone needs no limit; another limit that is gone holds nobody any more.
    if (is === undefined && path.startsWith('routes.')) return []
    const looser = is ?? (atLeast.has(path) ? 0 : Number.POSITIVE_INFINITY)
    if (looser === was) return []
    const isLooser = atLeast.has(path) ? looser < was : looser > was
    const call = !isLooser ? 'better' : isAccepted(accepted, 'budget', path) ? 'accepted' : 'worse'
    return [{ kind: 'budget', route: path, base: was, head: looser, call }]
  })
  return { compared: before.size, findings }
}

/** Path → number, of everything that is promised. */
function numbersOf(limits: Limits): Map<string, number> {
  const found = new Map<string, number>()
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'number' && !neutral.has(path)) found.set(path, value)
    if (typeof value !== 'object' || value === null) return
    for (const [key, below] of Object.entries(value)) walk(below, path === '' ? key : `${path}.${key}`)
  }
  for (const name of promised) walk(limits[name], name)
  return found
}
