import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'

const told = 'x-middleware-rewrite'

/**
 * Next (16.4) tells the browser in a header where the proxy had an address lead instead: who asks for the operators'
 * pages and is none would learn from it that they are there. A test compares their answers with those for nothing.
 */
export function hideRewrites(): void {
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (!request.url?.startsWith('/operators')) return
    const set = response.setHeader.bind(response)
    response.setHeader = (name, value) => (name.toLowerCase() === told ? response : set(name, value))
  })
}
