import { mayAct } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listProjects } from '@worklane/domain/projects/operations.ts'
import { resolveActor } from '@worklane/domain/sessions/sessions.ts'
import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { Suspense } from 'react'
import { sessionToken, signedInUser } from '#web/auth/actor.ts'
import { AccountShell } from '#web/components/account-shell.tsx'
import { account } from '#web/texts/account.ts'
import { FirstProject, NewOrganisation } from './onboarding-forms.tsx'

const { onboarding: texts } = account

export const metadata: Metadata = { title: texts.title }

export default function OnboardingPage() {
  return (
    <Suspense>
      <Onboarding />
    </Suspense>
  )
}

/** Who belongs nowhere, or has projects already, starts an organisation; who has an empty one, its first project. */
async function Onboarding() {
  if (!(await signedInUser())) redirect('/sign-in')
  const actor = await resolveActor(await sessionToken())
  const projects = actor ? await execute(listProjects, actor, { limit: 1 }) : null
  if (actor && projects?.items.length === 0 && mayAct(actor, 'manager')) {
    return (
      <AccountShell title={texts.title} text={texts.text}>
        <FirstProject />
      </AccountShell>
    )
  }
  return (
    <AccountShell title={texts.organisationTitle} text={texts.organisationText}>
      <NewOrganisation />
    </AccountShell>
  )
}
