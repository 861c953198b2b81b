'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useEffect, useRef } from 'react'
import { settings } from '#web/texts/settings.ts'

export type SettingsSection = keyof typeof settings.sections

export function SettingsNavigation({ sections }: { sections: readonly SettingsSection[] }) {
  const path = usePathname()
  const list = useRef<HTMLUListElement>(null)
  // On a narrow screen the list is wider than its place: the page that one is on must be in sight.
  useEffect(() => {
    list.current
      ?.querySelector(`[href="${path}"]`)
      ?.scrollIntoView({ inline: 'center', block: 'nearest', behavior: 'instant' })
  }, [path])
  return (
    <nav
      aria-label={settings.navigation}
      className="-mx-4 overflow-x-auto px-4 lg:mx-0 lg:overflow-visible lg:px-0"
    >
      <ul ref={list} className="flex w-max gap-1 lg:sticky lg:top-6 lg:w-auto lg:flex-col">
        {sections.map((section) => (
          <li key={section}>
            <Link
              href={`/settings/${section}`}
              prefetch={false}
              aria-current={path === `/settings/${section}` ? 'page' : undefined}
              className="block rounded-lg px-3 py-1.5 text-sm whitespace-nowrap text-muted hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:text-ink"
            >
              {settings.sections[section]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
