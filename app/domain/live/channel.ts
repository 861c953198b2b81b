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

/** Where the end of somebody's access is told: of a session by its token's hash, of everything of a user by their id. */
export const accessChannel = (of: { session: string } | { user: string }) =>
  'session' in of ? `access:session:${of.session}` : `access:user:${of.user}`

/** Makes every open stream of these ask anew whether it may go on. A lost message costs the time to its next look. */
export async function accessChanged(all: ({ session: string } | { user: string })[]): Promise<void> {
  await Promise.all(
    all.map((of) =>
      runtime()
        .redis.publish(accessChannel(of), JSON.stringify({ event: 'access', data: null }))
        .catch(() => 0),
    ),
  )
}
