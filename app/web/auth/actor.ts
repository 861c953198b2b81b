import 'server-only'
import type { Actor } from '@worklane/domain/actor.ts'
import { resolveActor } from '@worklane/domain/sessions/sessions.ts'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'

/** The session token that the browser sent, if any. */
export const sessionToken = async (): Promise<string | undefined> => {
  const jar = await cookies()
  return (jar.get('__Secure-authjs.session-token') ?? jar.get('authjs.session-token'))?.value
}

/** Who asks for this page; one session read a render. Without a good session the way is to the sign-in page. */
export const requireActor = cache(async (): Promise<Actor> => {
  const actor = await resolveActor(await sessionToken())
  return actor ?? redirect('/sign-in')
})
