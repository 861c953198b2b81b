import type { ReactNode } from 'react'
import { SettingsNavigation } from '#web/components/settings/navigation.tsx'
import { settings } from '#web/texts/settings.ts'

export default function SettingsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{settings.title}</h1>
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-[11rem_minmax(0,46rem)] lg:gap-10">
        <SettingsNavigation />
        <div className="flex min-w-0 flex-col gap-5">{children}</div>
      </div>
    </>
  )
}
