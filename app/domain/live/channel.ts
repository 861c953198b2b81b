import type { Actor } from '../actor.ts'
import { runtime } from '../runtime.ts'

/** Where changes of a project are told; the tenant stands first. */
export const channelOf = (actor: Pick<Actor, 'orgId'>, projectId: string) =>
  `live:{${actor.orgId}}:${projectId}`

/** Tells those who watch. A lost message costs them freshness until their next look, nothing else. */
export async function publish(
  actor: Pick<Actor, 'orgId'>,
  projectId: string,
  event: string,
  data: unknown,
): Promise<void> {
  await runtime()
    .redis.publish(channelOf(actor, projectId), JSON.stringify({ event, data }))
    .catch(() => 0)
}
