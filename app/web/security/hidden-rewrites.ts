import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** The second is of a click inside the app. */
const told = new Set(['x-middleware-rewrite', 'x-nextjs-rewritten-path'])

/**
 * Next (16.4) tells the browser in headers where the proxy had an address lead instead: who asks for the operators'
 * pages and is none would learn from them that they are there. A test compares their answers with those for nothing.
 */
export function hideRewrites(): void {
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (!request.url?.startsWith('/operators')) return
    const set = response.setHeader.bind(response)
    response.setHeader = (name, value) => (told.has(name.toLowerCase()) ? response : set(name, value))
  })
}
