import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import type { Collected, Reply } from '../collect/collector.ts'
import { markdownSummary } from '../report/summary.ts'
import { type Result, Result as ResultSchema } from '../result/result.ts'

/** How far a collector is. */
export type State =
  /** Whether the target holds the population. */
  | { is: 'asking' }
  | { is: 'ready'; collected: Collected; lacks: readonly Lack[] }
  | { is: 'over'; result: Result }

/** What a collector tells whoever asks, a cluster's probes among them. */
export function answerFor(path: string, state: State): Reply {
  return answers[path]?.(state) ?? problem(404, 'not found', `known: ${Object.keys(answers).join(', ')}`)
}

const text = (body: string): Reply => ({ status: 200, type: 'text/plain; charset=utf-8', body: `${body}\n` })

const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  type: 'application/problem+json',
  body: `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`,
})

/** What there is when it is over. */
const finished = (state: State, show: (result: Result) => Omit<Reply, 'status'>): Reply =>
  state.is === 'over'
    ? { status: 200, ...show(state.result) }
    : problem(409, 'not finished', `there is no verdict yet: ${inWords(state)}`)

const answers: Record<string, (state: State) => Reply> = {
  '/healthz': () => text('well'),
  // Ready is who can take a run: one that has its verdict would swallow a second one.
  '/readyz': (state) => (state.is === 'ready' ? text('ready') : problem(503, 'not ready', inWords(state))),
  '/lacks': (state) =>
    state.is === 'ready'
      ? { status: 200, type: 'application/json', body: JSON.stringify(state.lacks) }
      : problem(503, 'not ready', inWords(state)),
  '/result.json': (state) =>
    finished(state, (result) => ({
      type: 'application/json',
      body: `${JSON.stringify(ResultSchema.parse(result), null, 2)}\n`,
    })),
  '/summary.md': (state) =>
    finished(state, (result) => ({ type: 'text/markdown; charset=utf-8', body: markdownSummary(result) })),
}

function inWords(state: State): string {
  if (state.is === 'asking') return 'asking the target who its users are'
  if (state.is === 'over')
    return [`this run is over: ${state.result.verdict}`, ...state.result.reasons].join('; ')
  const vus = [...state.collected.vus.values()]
  const users = vus.reduce((sum, { activeUsers }) => sum + activeUsers, 0)
  return vus.length === 0 ? 'no runner has told anything' : `${users} users of ${vus.length} VUs are active`
}
