import { invitationOf } from '@worklane/domain/accounts/invitations.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { z } from 'zod'
import { AccountShell } from '#web/components/account-shell.tsx'
import { type Query, readQuery } from '#web/lib/query.ts'
import { account } from '#web/texts/account.ts'
import { SignUpForm } from './sign-up-form.tsx'

const { signUp: texts } = account

export const metadata: Metadata = { title: texts.title }

type Props = { searchParams: Promise<Query> }

export default function SignUpPage({ searchParams }: Props) {
  return (
    <AccountShell title={texts.title} text={texts.text}>
      <Suspense fallback={<div className="h-96" />}>
        <Form searchParams={searchParams} />
      </Suspense>
      <p className="mt-6 text-sm text-muted">
        {texts.have}{' '}
        <Link href="/sign-in" prefetch={false} className="text-accent-text underline">
          {texts.signIn}
        </Link>
      </p>
    </AccountShell>
  )
}

async function Form({ searchParams }: Props) {
  const { invitation: token } = readQuery(await searchParams, { invitation: z.string() })
  const invitation = token ? await invitationOf(token) : null
  return (
    <SignUpForm
      invitation={
        invitation && token
          ? { token, email: invitation.email, organisation: invitation.organisation.name }
          : null
      }
    />
  )
}
