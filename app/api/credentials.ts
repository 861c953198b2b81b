import type { Actor } from '@worklane/domain/actor.ts'
import { resolveApiKey } from '@worklane/domain/api-keys/resolve.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { type Operator, resolveOperator } from '@worklane/domain/operators/operator.ts'
import { sessionTokenOf } from '@worklane/domain/sessions/cookie.ts'
import { resolveActor } from '@worklane/domain/sessions/sessions.ts'

/** Who asks: by an API key when there is one, else by the session's cookie; null for nobody. */
export async function actorOf(request: Request, origin: string, requestId: string): Promise<Actor | null> {
  const authorization = request.headers.get('authorization')
  // A key that is no good is never made up for by a cookie.
  if (authorization !== null) {
    const [scheme = '', key = ''] = authorization.split(' ')
    return scheme.toLowerCase() === 'bearer' ? resolveApiKey(key, requestId) : null
  }
  return resolveActor(sessionTokenOf(request.headers.get('cookie'), origin), requestId)
}

/** The operator who asks, by their session's cookie; null for everybody else, whoever comes with a key among them. */
export async function operatorOf(
  request: Request,
  origin: string,
  requestId: string,
): Promise<Operator | null> {
  if (request.headers.has('authorization')) return null
  return resolveOperator(sessionTokenOf(request.headers.get('cookie'), origin), requestId)
}

/**
 * A browser names the page that a write comes from; what names none is no browser and holds no ambient cookie.
 * @throws Problem forbidden
 */
export function refuseOtherSites(request: Request, origin: string): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return
  const from = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if ((from !== null && from !== origin) || site === 'cross-site') {
    throw new Problem('forbidden', 'This write came from another site.')
  }
}
