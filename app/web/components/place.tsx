'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

type Props = {
  href: string
  /** Every page below it belongs to the place; its own address, where it is not said. */
  under?: string
  className: string
  children: ReactNode
}

/** A link to a place of the workspace, marked while one is there. */
export function Place({ href, under = href, className, children }: Props) {
  const path = usePathname()
  const current = path === href ? 'page' : path.startsWith(`${under}/`) ? 'true' : undefined
  return (
    <Link
      href={href}
      prefetch={false}
      aria-current={current}
      className={`${className} aria-[current]:bg-sunken aria-[current]:font-semibold`}
    >
      {children}
    </Link>
  )
}
