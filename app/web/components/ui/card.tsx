import type { ReactNode } from 'react'

export function Card({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="rounded-xl border bg-surface">
      <header className="flex items-center justify-between gap-3 border-b px-4 py-3">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="px-4 py-8 text-center text-sm text-muted">{children}</p>
}

export function Skeleton({ className }: { className: string }) {
  return <div aria-hidden className={`waiting rounded-xl bg-sunken ${className}`} />
}

/** One number with its name; inside a `dl`. */
export function Figure({ name, value, look = '' }: { name: string; value: number; look?: string }) {
  return (
    <div className="rounded-xl border bg-surface px-4 py-3.5">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className={`mt-1 text-2xl font-semibold tracking-tight tabular-nums ${look}`}>{value}</dd>
    </div>
  )
}
