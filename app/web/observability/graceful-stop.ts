import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'

/**
 * From SIGTERM on each answer tells the edge that it is the last on its connection, as those of the API do. Next
 * itself waits for connections to end, which the edge would go on to use until this process is killed in the middle
 * of a page.
 */
export function closeConnectionsWhenStopping(): void {
  let stopping = false
  process.on('SIGTERM', () => {
    stopping = true
  })
  subscribe('http.server.request.start', (message) => {
    const { response } = message as { response: ServerResponse }
    if (stopping) response.setHeader('Connection', 'close')
  })
}
