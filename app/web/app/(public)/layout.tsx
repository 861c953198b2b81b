import type { ReactNode } from 'react'
import { Logo } from '#web/components/logo.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { publicTexts } from '#web/texts/public.ts'

const { navigation, footer } = publicTexts

/** The frame of the public pages. Plain links: no code of ours runs in the browser here. */
export default function PublicLayout({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="border-b bg-surface">
        <nav
          aria-label={navigation.label}
          className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-3 gap-y-2 whitespace-nowrap px-4 py-3 text-sm sm:gap-x-5 sm:px-6"
        >
          <a href="/" className="mr-auto">
            <Logo />
          </a>
          <a href="/pricing" className="py-1.5 text-muted hover:text-ink">
            {navigation.pricing}
          </a>
          <a href="/docs" className="py-1.5 text-muted hover:text-ink">
            {navigation.docs}
          </a>
          <a href="/sign-in" className="py-1.5 text-muted hover:text-ink">
            {navigation.signIn}
          </a>
          <a href="/sign-up" className={buttonClass()}>
            {navigation.start}
          </a>
        </nav>
      </header>
      <main className="flex-1">{children}</main>
      <footer className="border-t px-4 py-8 text-center text-sm text-muted">
        {footer}{' '}
        <a href="/status" className="underline hover:text-ink">
          {navigation.status}
        </a>
      </footer>
    </div>
  )
}
