import type { Actor } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { channelOf } from '@worklane/domain/live/channel.ts'
import { hub } from '@worklane/domain/live/hub.ts'
import { getProject } from '@worklane/domain/projects/operations.ts'
import { runtime } from '@worklane/domain/runtime.ts'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { actorOf } from './credentials.ts'
import type { Variables } from './rest.ts'

export const eventsRoute = 'GET /v1/projects/:projectId/events'

/** How often a stream proves that it lives, and that its holder may still listen. */
const heartbeatMs = 15_000
const reconnectMs = 2_000

/** Live changes of a project, as server-sent events (WHATWG HTML, "Server-sent events"). */
export function eventRoutes() {
  const routes = new Hono<{ Variables: Variables }>()
  routes.get('/v1/projects/:projectId/events', async (context) => {
    context.set('route', eventsRoute)
    const actor = context.get('actor')
    const { id: projectId } = await execute(getProject, actor, { projectId: context.req.param('projectId') })
    const { orgId } = actor as Actor
    context.header('X-Accel-Buffering', 'no')
    return streamSSE(context, async (stream) => {
      const stopped = Promise.withResolvers<void>()
      const subscription = hub.subscribe(channelOf({ orgId }, projectId), {
        onMessage: ({ event, data }) => void stream.writeSSE({ event, data: JSON.stringify(data) }),
        onClose: stopped.resolve,
      })
      const heartbeat = setInterval(async () => {
        const now = await actorOf(context.req.raw, context.get('requestId')).catch(() => actor)
        if (now?.orgId === orgId) await stream.write(': alive\n\n')
        else stopped.resolve()
      }, heartbeatMs)
      // Not all at once after a deployment, when all were opened at once.
      const age = runtime().env.EVENT_STREAM_SECONDS * 1_000 * (0.8 + 0.2 * Math.random())
      const old = setTimeout(stopped.resolve, age)
      stream.onAbort(stopped.resolve)
      try {
        await subscription.ready
        // Who reconnects looks at the board anew: what was told in between is lost to a stream.
        await stream.writeSSE({ event: 'open', data: '{}', retry: reconnectMs })
        await stopped.promise
      } finally {
        clearInterval(heartbeat)
        clearTimeout(old)
        subscription.end()
      }
    })
  })
  return routes
}
