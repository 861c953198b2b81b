'use server'

import { Problem } from '@worklane/domain/errors.ts'
import { switchOrganisation } from '@worklane/domain/sessions/sessions.ts'
import { redirect } from 'next/navigation'
import { AuthError } from 'next-auth'
import { keepSession, sessionToken } from './actor.ts'
import { signIn, signOut } from './config.ts'
import { safeNext } from './next-path.ts'

export type FormState = { error: string | null; sent?: boolean }

const text = (form: FormData, name: string) => {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

export async function signInWithPassword(_: FormState, form: FormData): Promise<FormState> {
  try {
    await signIn('credentials', {
      ...{ email: text(form, 'email'), password: text(form, 'password') },
      redirectTo: safeNext(text(form, 'next')),
    })
  } catch (error) {
    if (error instanceof AuthError) return { error: 'This e-mail and password do not belong together.' }
    // The redirect of a sign-in that worked.
    throw error
  }
  return { error: null }
}

export async function signInWithLink(_: FormState, form: FormData): Promise<FormState> {
  try {
    const redirectTo = safeNext(text(form, 'next'))
    await signIn('email', { email: text(form, 'email'), redirectTo, redirect: false })
  } catch (error) {
    if (error instanceof AuthError) return { error: 'The link could not be sent. Try your password.' }
    throw error
  }
  return { error: null, sent: true }
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
