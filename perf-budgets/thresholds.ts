import { errorRate, type RouteName, routes } from './slo.ts'

/**
 * k6's own thresholds, for a plain `k6 run` without the collector: metric{tags} → conditions, times in ms.
 * A threshold that saw no sample passes in k6; the verdict of `pnpm loadtest` is the one that notices.
 */
export function k6Thresholds(): Record<string, string[]> {
  const names = Object.keys(routes) as RouteName[]
  const perRoute = names.map((name) => [
    `http_req_waiting{name:${name},phase:steady}`,
    [`p(95)<${routes[name].ttfbP95}`],
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
