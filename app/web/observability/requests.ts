import { subscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { requestDuration } from '@worklane/api/metrics.ts'
import { routeNamer } from './routes.ts'

/**
 * Counts every answer of this process by route. Node itself says when a request came and when its last byte went
 * out; Next has no such hook. Not while developing, where Next keeps no list of routes.
 */
export function observeRequests(): void {
  const manifest = join(process.cwd(), '.next/app-path-routes-manifest.json')
  if (process.env.NODE_ENV !== 'production' || !existsSync(manifest)) return
  const nameOf = routeNamer(JSON.parse(readFileSync(manifest, 'utf8')))
  const duration = requestDuration()
  // Next rewrites the request's address on its way.
  const started = new WeakMap<IncomingMessage, { at: number; route: string | undefined }>()
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const [path = '/'] = (request.url ?? '/').split('?')
    const route = nameOf(request.method ?? 'GET', path, request.headers)
    started.set(request, { at: performance.now(), route })
  })
  subscribe('http.server.response.finish', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    const { at, route } = started.get(request) ?? {}
    if (at === undefined || route === undefined) return
    duration.observe({ route, status: String(response.statusCode) }, (performance.now() - at) / 1000)
  })
}
