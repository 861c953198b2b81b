import { invitationOf } from '@worklane/domain/accounts/invitations.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { z } from 'zod'
import { acceptHere } from '#web/auth/actions.ts'
import { signedInUser } from '#web/auth/actor.ts'
import { AccountShell } from '#web/components/account-shell.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { type Query, readQuery } from '#web/lib/query.ts'
import { account } from '#web/texts/account.ts'

const { invitation: texts } = account

export const metadata: Metadata = { title: texts.title, referrer: 'no-referrer' }

type Props = { params: Promise<{ token: string }>; searchParams: Promise<Query> }

export default function InvitationPage(props: Props) {
  return (
    <Suspense>
      <Invitation {...props} />
    </Suspense>
  )
}

async function Invitation({ params, searchParams }: Props) {
  const [{ token }, asked, user] = await Promise.all([params, searchParams, signedInUser()])
  const { problem } = readQuery(asked, { problem: z.string() })
  const invitation = await invitationOf(token)
  if (!invitation) {
    return (
      <AccountShell title={texts.gone} text={texts.goneText}>
        <Link href="/" prefetch={false} className={buttonClass({ look: 'quiet' })}>
          {texts.home}
        </Link>
      </AccountShell>
    )
  }
  const { organisation, role, invitedBy } = invitation
  const here = `/invitations/${token}`
  return (
    <AccountShell title={organisation.name} text={texts.text(invitedBy.name, organisation.name, role)}>
      {problem ? (
        <p role="alert" className="mb-4 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          {problemText(problem)}
        </p>
      ) : null}
      {user ? (
        <form action={acceptHere}>
          <input type="hidden" name="token" value={token} />
          <Button type="submit">{texts.accept}</Button>
        </form>
      ) : (
        <div className="flex flex-wrap gap-3">
          <Link href={`/sign-up?invitation=${token}`} prefetch={false} className={buttonClass()}>
            {texts.signUp}
          </Link>
          <Link
            href={`/sign-in?next=${encodeURIComponent(here)}`}
            prefetch={false}
            className={buttonClass({ look: 'quiet' })}
          >
            {texts.signIn}
          </Link>
        </div>
      )}
    </AccountShell>
  )
}

/** The text of a kind of problem; the address names only the kind. */
function problemText(kind: string): string {
  return Object.entries<string>(texts.problems).find(([name]) => name === kind)?.[1] ?? texts.problems.other
}
