import Link from 'next/link'
import type { ReactNode } from 'react'
import { Logo } from '#web/components/logo.tsx'

/** The frame of the pages around getting in: one thing to do, in the middle. */
export function AccountShell({
  title,
  text,
  children,
}: {
  title: string
  text?: string
  children: ReactNode
}) {
  return (
    <main className="flex min-h-dvh flex-col px-6 py-8">
      <Link href="/" prefetch={false} className="self-start">
        <Logo />
      </Link>
      <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {text ? <p className="mt-1.5 text-muted">{text}</p> : null}
        <div className="mt-8">{children}</div>
      </div>
    </main>
  )
}
