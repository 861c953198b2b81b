import type { Act } from './act.ts'

/** What came of a write, for eyes and for screen readers. */
export function Said({ said }: Pick<Act, 'said'>) {
  return (
    <p
      role={said?.bad ? 'alert' : 'status'}
      className={`text-sm ${said ? 'mt-3' : ''} ${said?.bad ? 'text-danger' : 'text-good'}`}
    >
      {said?.text}
    </p>
  )
}
