import Link from 'next/link'
import { buttonClass } from '#web/components/ui/button.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-[70dvh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center">
      <p className="text-sm font-semibold text-accent-text">404</p>
      <h1 className="text-2xl font-semibold tracking-tight">Page not found</h1>
      <p className="text-muted">It may have been removed, or it belongs to another organisation.</p>
      <Link href="/dashboard" prefetch={false} className={buttonClass({ className: 'mt-3' })}>
        Go to the dashboard
      </Link>
    </main>
  )
}
