'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { settings } from '#web/texts/settings.ts'

export function SettingsNavigation() {
  const path = usePathname()
  return (
    <nav
      aria-label={settings.navigation}
      className="-mx-4 overflow-x-auto px-4 lg:mx-0 lg:overflow-visible lg:px-0"
    >
      <ul className="flex gap-1 lg:sticky lg:top-6 lg:flex-col">
        {Object.entries(settings.sections).map(([section, text]) => (
          <li key={section}>
            <Link
              href={`/settings/${section}`}
              prefetch={false}
              aria-current={path === `/settings/${section}` ? 'page' : undefined}
              className="block rounded-lg px-3 py-1.5 text-sm whitespace-nowrap text-muted hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:font-medium aria-[current]:text-ink"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
