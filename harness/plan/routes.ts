import { routes } from '@headroom/perf-budgets/slo.ts'

/** The operations, as the budgets know them: the harness does not read Worklane's code. */
export const operationNames = Object.keys(routes)
  .filter((route) => route.startsWith('trpc '))
  .map((route) => route.slice('trpc '.length))

/** Rendered for somebody who looks: a page as a whole, or a click to it. */
export const isPage = (route: string): boolean => route.startsWith('page ') || route.startsWith('rsc ')
