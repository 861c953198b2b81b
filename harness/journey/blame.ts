import { shownFromHere } from '../cli/here.ts'
import { UsageError } from '../cli/usage.ts'
import type { JourneyFile } from './journey-file.ts'

/** How k6 ended, when a run has. */
export type K6End = {
  code: number | null
  /** All that k6 said of errors, oldest first, cut off where it is long. */
  errors: readonly string[]
  /** Whether no VU told anything. */
  isSilent: boolean
  /** Whether it was ended since it did not begin in time. */
  isOverdue: boolean
}

/** k6's exit codes, https://pkg.go.dev/go.k6.io/k6/errext/exitcodes */
const scriptException = 107

/** @throws UsageError when it was the journey that ended a run, or kept it from beginning */
export function assertPlayable(
  { file }: Pick<JourneyFile, 'file'>,
  { code, errors, isSilent, isOverdue }: K6End,
): void {
  const shown = shownFromHere(file)
  const fix = 'see docs/any-target.md'
  for (const error of errors) {
    const [, refused] = /^test aborted: headroom journey: (.*?)\n/s.exec(error) ?? []
    if (refused !== undefined) throw new UsageError(`${shown}: ${refused}`, fix)
  }
  const [first] = errors
  if (isSilent && code === scriptException && first !== undefined)
    throw new UsageError(`${shown} cannot be played by k6: ${whereFirst(first)}`, fix)
  if (isSilent && isOverdue)
    throw new UsageError(
      `${shown}: k6 got nowhere with it and was ended: what it runs when it is read, its start, session or a step never returns`,
      fix,
    )
}

/** k6's words and the innermost place; the others are of what called it. */
const whereFirst = (error: string): string =>
  error
    .trim()
    .split(/\s+at /)
    .slice(0, 2)
    .join(' at ')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 400)
