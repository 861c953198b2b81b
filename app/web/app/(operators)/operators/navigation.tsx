'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { operators as texts } from '#web/texts/operators.ts'

const places = [
  { href: '/operators', text: texts.sections.events },
  { href: '/operators/dead-letters', text: texts.sections.deadLetters },
  { href: '/operators/log', text: texts.sections.log },
] as const
const placeClass =
  'rounded-lg px-2.5 py-1.5 text-sm text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:font-semibold aria-[current=page]:text-ink'

export function OperatorNavigation() {
  const path = usePathname()
  return (
    <nav aria-label={texts.navigation} className="flex gap-1">
      {places.map(({ href, text }) => (
        <Link
          key={href}
          href={href}
          prefetch={false}
          aria-current={path === href ? 'page' : undefined}
          className={placeClass}
        >
          {text}
        </Link>
      ))}
      {/* No page of Next's: the API has it. */}
      <a href="/operators/queues" className={placeClass}>
        {texts.sections.queues}
      </a>
    </nav>
  )
}
