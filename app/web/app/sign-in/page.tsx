import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { Logo } from '#web/components/logo.tsx'
import { account } from '#web/texts/account.ts'
import { SignInForms } from './sign-in-forms.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default function SignInPage() {
  return (
    <main className="grid min-h-dvh lg:grid-cols-2">
      <div className="flex flex-col px-6 py-8 sm:px-12">
        <Logo />
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
          <h1 className="text-2xl font-semibold tracking-tight">Welcome back</h1>
          <p className="mt-1.5 mb-8 text-muted">Sign in to see what your team is up to.</p>
          <Suspense fallback={<div className="h-80" />}>
            <SignInForms />
          </Suspense>
          <p className="mt-6 text-sm text-muted">
            {account.signIn.none}{' '}
            <Link href="/sign-up" prefetch={false} className="text-accent-text underline">
              {account.signIn.signUp}
            </Link>
          </p>
        </div>
      </div>
      <aside className="hidden flex-col justify-center gap-6 border-l bg-sunken px-16 lg:flex">
        <p className="max-w-md text-3xl leading-tight font-semibold tracking-tight text-balance">
          Your whole team’s work on one live board
        </p>
        <ul className="flex max-w-md flex-col gap-3 text-muted">
          <li>Boards that stay quick with ten people or ten thousand.</li>
          <li>Your organisation's work, seen by nobody else.</li>
          <li>An API, so that programs can do what you do with tasks.</li>
        </ul>
      </aside>
    </main>
  )
}
