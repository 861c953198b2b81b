import type { Actor } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { authoriseStream, streamAccess } from '@worklane/domain/live/access.ts'
import { accessChannel, channelOf } from '@worklane/domain/live/channel.ts'
import { hub } from '@worklane/domain/live/hub.ts'
import { openStream } from '@worklane/domain/live/quota.ts'
import type { Route } from '@worklane/domain/operation.ts'
import { getProject } from '@worklane/domain/projects/operations.ts'
import { runtime } from '@worklane/domain/runtime.ts'
import { sessionTokenOf } from '@worklane/domain/sessions/cookie.ts'
import { tokenHash } from '@worklane/domain/sessions/token.ts'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { actorOf } from './credentials.ts'
import type { Variables } from './rest.ts'

export const eventsRoute = 'GET /v1/projects/:projectId/events' satisfies Route

/** How often a stream proves that it lives, and that its holder may still listen. */
const heartbeatMs = 15_000
const reconnectMs = 2_000

/** Live changes of a project, as server-sent events (WHATWG HTML, "Server-sent events"). */
export function eventRoutes(origin: string) {
  const routes = new Hono<{ Variables: Variables }>()
  routes.get('/v1/projects/:projectId/events', async (context) => {
    context.set('route', eventsRoute)
    const actor = context.get('actor')
    const { id: projectId } = await execute(getProject, actor, { projectId: context.req.param('projectId') })
    authoriseStream(actor)
    // HEAD: who only asks what they would get is not kept waiting for it.
    if (context.req.raw.method === 'HEAD')
      return context.body(null, 200, { 'Content-Type': 'text/event-stream' })
    if (!(await hub.isReady())) throw new Problem('unavailable', 'Live changes cannot be told at the moment.')
    const counted = await openStream(actor.userId)
    const access = streamAccess(actor, () => actorOf(context.req.raw, origin, context.get('requestId')))
    context.header('X-Accel-Buffering', 'no')
    return streamSSE(context, async (stream) => {
      const stopped = Promise.withResolvers<void>()
      const stop = stopped.resolve
      let ended = false
      // One after another: none overtakes the question whether its holder may have it.
      let last = Promise.resolve()
      const afterCheck = (anew: boolean, send: () => Promise<unknown>) => {
        last = last.then(async () => {
          if (ended) return
          if (await access.holds(anew)) await send()
          else stop()
        }, stop)
      }
      const subscriptions = [
        hub.subscribe(channelOf(actor, projectId), {
          onMessage: ({ event, data }) =>
            afterCheck(false, () => stream.writeSSE({ event, data: JSON.stringify(data) })),
          onClose: stop,
        }),
        ...accessChannels(actor, context.req.header('cookie'), origin).map((channel) =>
          hub.subscribe(channel, { onMessage: () => afterCheck(true, async () => {}), onClose: stop }),
        ),
      ]
      const heartbeat = setInterval(() => {
        void counted.renew()
        afterCheck(true, () => stream.write(': alive\n\n'))
      }, heartbeatMs)
      // Not all at once after a deployment, when all were opened at once.
      const age = runtime().env.EVENT_STREAM_SECONDS * 1_000 * (0.8 + 0.2 * Math.random())
      const old = setTimeout(stop, age)
      stream.onAbort(stop)
      try {
        await Promise.all(subscriptions.map(({ ready }) => ready))
        // Who reconnects looks at the board anew: what was told in between is lost to a stream.
        await stream.writeSSE({ event: 'open', data: '{}', retry: reconnectMs })
        // Access may have ended before its channel was listened to.
        afterCheck(true, async () => {})
        await stopped.promise
      } finally {
        ended = true
        clearInterval(heartbeat)
        clearTimeout(old)
        for (const subscription of subscriptions) subscription.end()
        await counted.end()
      }
    })
  })
  return routes
}

/** Where the end of what this stream stands on is told. */
function accessChannels({ userId, sessionId }: Actor, cookies: string | undefined, origin: string): string[] {
  const token = sessionId === null ? undefined : sessionTokenOf(cookies ?? null, origin)
  const session = token === undefined ? [] : [accessChannel({ session: tokenHash(token) })]
  return [accessChannel({ user: userId }), ...session]
}
