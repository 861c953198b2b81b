import type { ReactNode } from 'react'
import { operators as texts } from '#web/texts/operators.ts'

/** What stands above each operators' page. */
export function Heading({ children }: { children: ReactNode }) {
  return (
    <div className="mb-5 flex flex-wrap items-baseline justify-between gap-x-4">
      <h1 className="text-2xl font-semibold tracking-tight">{children}</h1>
      <p className="text-sm text-muted">{texts.utc}</p>
    </div>
  )
}
