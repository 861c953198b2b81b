import type { Role } from '@worklane/domain/actor.ts'
import { type ReactNode, Suspense } from 'react'
import { Skeleton } from '#web/components/ui/card.tsx'
import { settings } from '#web/texts/settings.ts'

type Props = { title: string; text?: string; danger?: boolean; children?: ReactNode }

/** One thing that can be set: its name, what it means, and the means to set it. */
export function Section({ title, text, danger, children }: Props) {
  return (
    <section className={`rounded-xl border bg-surface p-5 ${danger ? 'border-danger/40' : ''}`}>
      <h2 className="text-sm font-semibold">{title}</h2>
      {text ? <p className="mt-1 text-sm text-muted">{text}</p> : null}
      {children ? <div className="mt-4">{children}</div> : null}
    </section>
  )
}

/** For who lacks the role: no error, but whom to ask. */
export function OnlyFor({ least }: { least: Role }) {
  return <Section title={settings.onlyFor(least)} text={settings.onlyForText} />
}

export function Streamed({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Skeleton className="h-72" />}>{children}</Suspense>
}
