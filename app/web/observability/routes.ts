import type { IncomingHttpHeaders } from 'node:http'
import { pathPattern } from '../lib/path-pattern.ts'

/** Next's app-path-routes-manifest.json: file of the app → route. */
export type AppRoutes = Record<string, string>

/**
 * A request's route as the budgets name it: `page /tasks/[taskId]`, `rsc /tasks/[taskId]` for a navigation inside
 * the app, `action /tasks/[taskId]` for a form, `GET /readyz`. Undefined for the API, which counts for itself.
 */
export function routeNamer(manifest: AppRoutes) {
  const routes = Object.entries(manifest).map(([file, route]) => ({
    ...{ route, page: file.endsWith('/page') },
    pattern: new RegExp(pathPattern(route)),
  }))
  // What has no parameter comes first: /tasks/new is not /tasks/[taskId].
  routes.sort((a, b) => a.route.split('[').length - b.route.split('[').length)
  return (method: string, path: string, headers: IncomingHttpHeaders): string | undefined => {
    if (/^\/(v1|trpc)\//.test(path) || path === '/openapi.json') return undefined
    const found = routes.find(({ pattern }) => pattern.test(path))
    if (!found) return 'page /_not-found'
    if (!found.page) return `${method} ${found.route}`
    return `${kindOf(headers)} ${found.route}`
  }
}

const kindOf = (headers: IncomingHttpHeaders) =>
  headers['next-action'] ? 'action' : headers.rsc ? 'rsc' : 'page'
