import {
  organisationAt,
  organisationOf,
  type PopulationSpec,
  sessionCookieOf,
  userAt,
} from '@headroom/fixtures/population.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import { z } from 'zod'
import type { Access } from '../plan/target/access.ts'
import { ask } from '../plan/target/ask.ts'

/**
 * Asks the target who its first, a middle and its last user are. A target with another population answers
 * requests just as well, and every number of such a run would be about somebody else.
 * @returns what is wrong, or null
 */
export async function probePopulation(
  target: string,
  spec: PopulationSpec,
  sessionSecret: string,
  access?: Access,
): Promise<string | null> {
  for (const index of [0, Math.floor(spec.users / 2), spec.users - 1]) {
    const { id, email } = userAt(spec, index)
    const { canary } = organisationAt(spec, organisationOf(spec, index))
    const cookie = `${sessionCookieOf(target)}=${sessionToken(spec, index, sessionSecret)}`
    const init = { headers: { cookie }, signal: AbortSignal.timeout(10_000) }
    const response = await ask(target, '/v1/me', init, access).catch((error: Error) => error)
    const wanted = `user ${index} of ${spec.organisations} organisations and ${spec.users} users (seed ${spec.seed})`
    if (response instanceof Error) return `the target does not answer for ${wanted}: ${response.message}`
    if (response.status !== 200) {
      return `the target does not know ${wanted}: GET /v1/me answered ${response.status}; seed it with the same figures and secret`
    }
    const body = await response.text().catch((error: Error) => error)
    if (body instanceof Error)
      return `the target does not answer for ${wanted}: the body of GET /v1/me did not come whole (${body.message})`
    const me = meIn(body)
    if (me === null)
      return `the target is no Worklane, or another version of it: GET /v1/me for ${wanted} answered 200 with what is no user in JSON (${JSON.stringify(body.slice(0, 80))}); give the address at which its API answers`
    if (me.user.id !== id || me.organisation?.canary !== canary) {
      return `the target holds another population: ${wanted} should be ${email}`
    }
  }
  return null
}

/** What is asked of the answer to GET /v1/me. */
const Me = z.object({
  user: z.object({ id: z.string() }),
  organisation: z.object({ canary: z.string() }).nullish(),
})

/** Null where it is something else. */
function meIn(body: string): z.infer<typeof Me> | null {
  try {
    return Me.parse(JSON.parse(body))
  } catch {
    return null
  }
}
