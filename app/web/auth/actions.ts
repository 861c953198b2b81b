'use server'

import { acceptInvitation } from '@worklane/domain/accounts/invitations.ts'
import { createOrganisation } from '@worklane/domain/accounts/organisations.ts'
import { signUp } from '@worklane/domain/accounts/sign-up.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { limitAddress } from '@worklane/domain/rate-limits.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import { switchOrganisation } from '@worklane/domain/sessions/sessions.ts'
import { redirect } from 'next/navigation'
import { AuthError, CredentialsSignin } from 'next-auth'
import { account } from '#web/texts/account.ts'
import { keepSession, sessionToken, signedInUser } from './actor.ts'
import { signIn, signOut } from './config.ts'
import { device } from './device.ts'
import { safeNext } from './next-path.ts'
import { RefusedSignIn } from './refusals.ts'

export type FormState = {
  error: string | null
  sent?: boolean
  /** What is wrong with a field, by its name. */
  fields?: Record<string, string>
  /** What was given, so that nobody types it twice; never the password. */
  given?: Record<string, string>
}

const text = (form: FormData, name: string) => {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

export async function signInWithPassword(_: FormState, form: FormData): Promise<FormState> {
  const email = text(form, 'email')
  const given = { email }
  try {
    await signIn('credentials', {
      email,
      password: text(form, 'password'),
      redirectTo: safeNext(text(form, 'next')),
    })
  } catch (error) {
    if (error instanceof RefusedSignIn) return { error: error.problem.message, given }
    if (error instanceof CredentialsSignin) return { error: account.signIn.refused, given }
    if (error instanceof AuthError) return { error: account.signIn.failed, given }
    // The redirect of a sign-in that worked.
    throw error
  }
  return { error: null }
}

export async function signInWithLink(_: FormState, form: FormData): Promise<FormState> {
  const email = text(form, 'email')
  const refused = await mailLink(email, safeNext(text(form, 'next')))
  return refused ? { error: refused, given: { email } } : { error: null, sent: true }
}

export async function signUpHere(_: FormState, form: FormData): Promise<FormState> {
  const { ip } = await device()
  const given = Object.fromEntries(['name', 'email', 'organisation'].map((name) => [name, text(form, name)]))
  const optional = (name: string) => (form.has(name) ? { [name]: text(form, name) } : {})
  try {
    await limitAddress(ip, 'sign-up')
    const { name, email } = given
    const password = text(form, 'password')
    await signUp({ name, email, password, ...optional('organisation'), ...optional('invitation') })
    if (!form.has('invitation')) await mailLink(given.email ?? '', '/dashboard')
    await signIn('credentials', {
      email,
      password,
      redirectTo: form.has('invitation') ? '/dashboard' : '/onboarding',
    })
  } catch (error) {
    // The account is made; its first sign-in waits as any other.
    if (error instanceof RefusedSignIn) return { error: error.problem.message, given }
    if (error instanceof AuthError) redirect('/sign-in')
    if (!(error instanceof Problem)) throw error
    const fields = Object.fromEntries(error.fields.map(({ path, message }) => [path, message]))
    // What stands beside a field is not said twice.
    return { error: error.fields.length > 0 ? null : error.message, fields, given }
  }
  return { error: null }
}

/** Mails who is signed in the link that proves their address; it is to be opened in this browser. */
export async function mailProof(): Promise<FormState> {
  const user = await signedInUser()
  const holder = user && (await accounts.byId(user))
  if (!holder) redirect('/sign-in')
  const refused = await mailLink(holder.email, '/settings/members')
  return refused ? { error: refused } : { error: null, sent: true }
}

/** @returns why none was sent, or null */
async function mailLink(email: string, redirectTo: string): Promise<string | null> {
  try {
    await signIn('email', { email, redirectTo, redirect: false })
    return null
  } catch (error) {
    if (error instanceof RefusedSignIn) return error.problem.message
    if (error instanceof AuthError) return account.proof.failed
    throw error
  }
}

/** Joins the organisation of an invitation, and goes there. */
export async function acceptHere(form: FormData): Promise<void> {
  const [user, token] = [await signedInUser(), await sessionToken()]
  const invitation = text(form, 'token')
  if (!user || !token) redirect(`/sign-in?next=${encodeURIComponent(`/invitations/${invitation}`)}`)
  try {
    const { organisationId } = await acceptInvitation(user, invitation, token)
    await keepSession(await switchOrganisation(token, organisationId))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    redirect(`/invitations/${encodeURIComponent(invitation)}?problem=${error.kind}`)
  }
  redirect('/dashboard')
}

/** Starts an organisation for who is signed in, and goes there. */
export async function createOrganisationHere(_: FormState, form: FormData): Promise<FormState> {
  const [user, token] = [await signedInUser(), await sessionToken()]
  if (!user || !token) redirect('/sign-in')
  try {
    const { id } = await createOrganisation(user, text(form, 'organisation'))
    await keepSession(await switchOrganisation(token, id))
  } catch (error) {
    if (error instanceof Problem) return { error: error.message }
    throw error
  }
  redirect('/onboarding')
}

export async function signOutHere(): Promise<void> {
  await signOut({ redirectTo: '/sign-in' })
}

/** Makes another of one's own organisations the session's; membership is checked where the session is written. */
export async function chooseOrganisation(form: FormData): Promise<void> {
  const token = await sessionToken()
  if (!token) redirect('/sign-in')
  try {
    await keepSession(await switchOrganisation(token, text(form, 'organisation')))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
  redirect('/dashboard')
}
