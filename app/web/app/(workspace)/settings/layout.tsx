import { mayAct } from '@worklane/domain/actor.ts'
import { type ReactNode, Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { SettingsNavigation, type SettingsSection } from '#web/components/settings/navigation.tsx'
import { settings } from '#web/texts/settings.ts'

const forAll: SettingsSection[] = [
  'profile',
  'security',
  'notifications',
  'organisation',
  'members',
  'labels',
  'exports',
]
const forMembers: SettingsSection[] = ['imports']
const forAdmins: SettingsSection[] = ['billing', 'api-keys', 'webhooks', 'audit']

export default function SettingsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{settings.title}</h1>
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-[11rem_minmax(0,46rem)] lg:gap-10">
        <Suspense fallback={<SettingsNavigation sections={forAll} />}>
          <Navigation />
        </Suspense>
        <div className="flex min-w-0 flex-col gap-5">{children}</div>
      </div>
    </>
  )
}

/** What one's role may open, and nothing else. */
async function Navigation() {
  const actor = await requireActor()
  const sections = [
    ...forAll,
    ...(mayAct(actor, 'member') ? forMembers : []),
    ...(mayAct(actor, 'admin') ? forAdmins : []),
  ]
  return <SettingsNavigation sections={sections} />
}
