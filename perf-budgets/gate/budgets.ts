import { type CounterJudgement, isAccepted } from './counters.ts'

/** A module such as slo.ts, of one revision. */
export type Limits = Readonly<Record<string, unknown>>

/** What is promised or held to, and what a run or a change is judged by. */
const held = [
  ...['ttfbP95', 'promises', 'lighthouse', 'webVitals', 'routes', 'effects', 'latencyTarget'],
  ...['soak', 'neighbours', 'appCosts', 'generator', 'validity', 'gate'],
]
/** Of these more is stricter. */
const atLeast = new Set([
  'promises.availability.target',
  'promises.concurrency.users',
  'lighthouse.performance.mobile',
  'lighthouse.performance.desktop',
  'neighbours.fairness',
  'latencyTarget',
  'validity.activeUsers',
  'validity.minimumSamples',
  'validity.vitalSamples',
  'gate.alpha',
  ...[
    'gate.interimAnalyses.0',
    'gate.interimAnalyses.1',
    'gate.slice.users',
    'gate.slice.ramp',
    'gate.slice.duration',
  ],
])
/** What limits were called in earlier revisions, which a base may be of. */
const renamed: Readonly<Record<string, string>> = { 'gate.looks': 'gate.interimAnalyses' }
/** Of these neither is. */
const neutral = ['promises.availability.days', 'lighthouse.runs', 'gate.slice.think']
/** What counts, by name: one less is looser. */
const counting = ['errorsThatCount']
/** What is left out, by name: one more is looser. */
const exempting = ['streamed', 'withoutLoad', 'withoutLighthouse', 'withoutLimit']

/**
 * The limits that head holds itself to less than base did, or not at all any more.
 * @param accepted names of limits that may be looser: `budget routes.page /.ttfbP95`
 */
export function judgeBudgets(base: Limits, head: Limits, accepted: readonly string[] = []): CounterJudgement {
  const [before, now] = [numbersOf(base), numbersOf(head)]
  const looser = (path: string, was: number, is: number | null): CounterJudgement['findings'] => [
    {
      kind: 'budget',
      route: path,
      base: was,
      head: is,
      call: isAccepted(accepted, 'budget', path) ? 'accepted' : 'worse',
    },
  ]
  const findings = [...before].flatMap(([path, was]): CounterJudgement['findings'] => {
    const is = now.get(path)
    // A route that is gone needs no limit; another limit that is gone holds nobody any more.
    if (is === undefined) return path.startsWith('routes.') ? [] : looser(path, was, null)
    if (is === was) return []
    if (atLeast.has(path) ? is < was : is > was) return looser(path, was, is)
    return [{ kind: 'budget', route: path, base: was, head: is, call: 'better' }]
  })
  const exempted = exempting.flatMap((list) => {
    // A base that has no such list leaves nothing out by it, and head only began to say so.
    if (base[list] === undefined) return []
    const known = namesIn(base[list])
    return namesIn(head[list])
      .filter((name) => !known.includes(name))
      .flatMap((name) => looser(`${list}.${name}`, 0, 1))
  })
  return { compared: before.size, findings: [...findings, ...exempted] }
}

/** Path → number, of everything that is held to; 1 of a name that counts. */
function numbersOf(limits: Limits): Map<string, number> {
  const found = new Map<string, number>()
  const walk = (value: unknown, path: string) => {
    if (neutral.includes(path)) return
    if (typeof value === 'number') found.set(path, value)
    if (typeof value !== 'object' || value === null) return
    for (const [key, below] of Object.entries(value)) {
      const name = path === '' ? key : `${path}.${key}`
      walk(below, renamed[name] ?? name)
    }
  }
  for (const name of held) walk(limits[name], name)
  for (const list of counting) for (const name of namesIn(limits[list])) found.set(`${list}.${name}`, 1)
  return found
}

/** Of a list of names, or of a record by name. */
const namesIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.map(String) : Object.keys((list as object | undefined) ?? {})
