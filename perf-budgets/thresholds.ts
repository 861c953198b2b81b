import type { RouteName } from './routes.ts'
import { errorRate, routes, validity, wholeAnswer } from './slo.ts'

/**
 * k6's own thresholds, for a plain `k6 run` without the collector: metric{tags} → conditions, times in ms.
 * A threshold that saw no sample passes in k6; the verdict of `pnpm loadtest` is the one that notices.
 */
export function k6Thresholds(): Record<string, string[]> {
  const names = Object.keys(routes) as RouteName[]
  const perRoute = names.flatMap((name) => [
    [`http_req_waiting{name:${name},phase:steady}`, [`p(95)<${routes[name].ttfbP95}`]],
    [`http_req_duration{name:${name},phase:steady}`, [`p(95)<${routes[name].latencyP95}`]],
  ])
  return {
    'http_req_failed{phase:steady}': [`rate<=${Number(errorRate.toPrecision(6))}`],
    'headroom_errors{class:leak}': ['count==0'],
    ...Object.fromEntries(perRoute),
  }
}

/** The text of loadtests/generated/thresholds.ts: k6 code imports only files beside it. */
export function renderThresholds(): string {
  const lines = Object.entries(k6Thresholds()).map(
    ([metric, conditions]) =>
      `  '${metric}': [${conditions.map((condition) => `'${condition}'`).join(', ')}],`,
  )
  return `// Made by \`pnpm generate\` from perf-budgets/slo.ts.
export const thresholds: Record<string, string[]> = {
${lines.join('\n')}
}
`
}

/** The text of loadtests/generated/limits.ts: what the swarm counts exactly, above and below. */
export function renderLimits(): string {
  const lines = Object.entries(routes).map(
    ([name, { ttfbP95, latencyP95 }]) => `  '${name}': { ttfb: ${ttfbP95}, latency: ${latencyP95} },`,
  )
  return `// Made by \`pnpm generate\` from perf-budgets/slo.ts.
import type { RouteLimit } from '../wire/message.ts'

export const limits: Record<string, RouteLimit> = {
${lines.join('\n')}
}

/** How late the generator may start a step, in ms. */
export const scheduleLagLimit = ${validity.scheduleLagP99}

/** How long a whole answer may take where a journey says nothing else: so many times as long as its first byte. */
export const wholeAnswer = ${wholeAnswer}
`
}
