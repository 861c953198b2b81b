import type { RouteName } from '@headroom/perf-budgets/routes.ts'
import { routes } from '@headroom/perf-budgets/slo.ts'

/** The routes' names by their limit in ms, all of them or some. */
export function routesByLimit(which: (name: RouteName) => boolean = () => true): Map<number, RouteName[]> {
  const names = (Object.keys(routes) as RouteName[]).filter(which)
  return Map.groupBy(names, (name) => routes[name].ttfbP95)
}

/** The names as one RE2 pattern inside a PromQL string: what the pattern escapes, the string escapes again. */
export function anyOf(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&')).join('|')
}
