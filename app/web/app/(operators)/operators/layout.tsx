import { LogOut } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { type ReactNode, Suspense } from 'react'
import { signOutHere } from '#web/auth/actions.ts'
import { requireOperator } from '#web/auth/operator.ts'
import { Logo } from '#web/components/logo.tsx'
import { ThemeToggle } from '#web/components/theme-toggle.tsx'
import { operators as texts } from '#web/texts/operators.ts'
import { work } from '#web/texts/work.ts'
import { OperatorNavigation } from './navigation.tsx'

export const metadata: Metadata = {
  title: { default: texts.title, template: `%s · ${texts.title}` },
  robots: { index: false },
}

export default function OperatorsLayout({ children }: { children: ReactNode }) {
  return (
    <div className="min-h-dvh">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:bg-surface focus:px-3 focus:py-2"
      >
        {texts.skip}
      </a>
      <header className="border-b bg-surface">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5 sm:px-6">
          <Link href="/operators" prefetch={false} className="flex items-center gap-2.5">
            <Logo />
            <span className="rounded-md bg-accent-soft px-1.5 py-0.5 text-xs font-semibold text-accent-text">
              {texts.title}
            </span>
          </Link>
          <div className="order-last w-full sm:order-none sm:w-auto">
            <OperatorNavigation />
          </div>
          <div className="ml-auto flex items-center gap-1">
            <Suspense>
              <Who />
            </Suspense>
            <ThemeToggle />
            <form action={signOutHere}>
              <button
                type="submit"
                aria-label={work.navigation.signOut}
                className="grid size-9 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
              >
                <LogOut aria-hidden className="size-4" />
              </button>
            </form>
          </div>
        </div>
      </header>
      <main id="main" className="mx-auto max-w-5xl px-4 py-6 sm:px-6">
        {children}
      </main>
    </div>
  )
}

async function Who() {
  const { email } = await requireOperator()
  return <span className="hidden max-w-56 truncate text-sm text-muted md:block">{email}</span>
}
