import { RefusalText } from '#web/components/refusal.tsx'
import type { Act } from './act.ts'

/** What came of a write, for eyes and for screen readers. */
export function Said({ said }: Pick<Act, 'said'>) {
  if (said?.bad) return <RefusalText refusal={said} className="mt-3" />
  return (
    <p role="status" className={`text-sm text-good ${said ? 'mt-3' : ''}`}>
      {said?.text}
    </p>
  )
}
