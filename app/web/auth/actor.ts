import 'server-only'
import { requestIdOf } from '@worklane/api/headers.ts'
import type { Actor } from '@worklane/domain/actor.ts'
import { sessionTokenOf } from '@worklane/domain/sessions/cookie.ts'
import { findSession, resolveActor } from '@worklane/domain/sessions/sessions.ts'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { cookieOptions, sessionCookie } from './session-cookie.ts'

/** The session token that the browser sent, if any. */
export const sessionToken = async (): Promise<string | undefined> =>
  sessionTokenOf((await headers()).get('cookie'), process.env.ORIGIN)

/**
 * Who asks for this page; one session read a render. Without a good session the way is to the sign-in page, with
 * one but without an organisation to where one is made.
 */
export const requireActor = cache(async (): Promise<Actor> => {
  const [token, sent] = await Promise.all([sessionToken(), headers()])
  const actor = await resolveActor(token, requestIdOf(sent.get('x-request-id') ?? undefined))
  return actor ?? redirect((await signedInUser()) ? '/onboarding' : '/sign-in')
})

/** The user of a good session, whether they belong to an organisation or not; null for nobody. */
export const signedInUser = cache(async (): Promise<string | null> => {
  const token = await sessionToken()
  return token ? ((await findSession(token))?.userId ?? null) : null
})

/** Puts a session's new token where its old one was. */
export async function keepSession({ token, expires }: { token: string; expires: Date }): Promise<void> {
  const jar = await cookies()
  jar.set(sessionCookie, token, { ...cookieOptions, expires })
}
