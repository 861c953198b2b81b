import type { MiddlewareHandler } from 'hono'

/** More than any body that is taken: what an edge has buffered already, and is about to send. */
const mostBytes = 8 * 1024 * 1024

/**
 * Reads what a refusal left of a request's body before it is answered. Else the rest of it, or the end of the
 * connection, meets the next request that the edge sends on that connection, which may be anybody's.
 * A body of which there is still more makes this answer the last one of its connection.
 */
export const readToTheEnd: MiddlewareHandler = async (context, next) => {
  // The one that came in: what limits bodies may put another in its place.
  const request = context.req.raw
  await next()
  const length = request.headers.get('content-length')
  const hasBody = request.headers.has('transfer-encoding') || (length !== null && length !== '0')
  if (!hasBody || request.bodyUsed) return
  if (!(await isReadToTheEnd(request))) context.res.headers.set('Connection', 'close')
}

async function isReadToTheEnd({ body }: Request): Promise<boolean> {
  if (body === null) return true
  // Somebody began to read it, and gave up.
  if (body.locked) return false
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > mostBytes) return false
    }
    return true
  } catch {
    // The caller went away in the middle of it.
    return false
  }
}
