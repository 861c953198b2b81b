import { join } from 'node:path'
import { project } from '../../project.ts'
import { shownFromHere } from '../here.ts'
import { UsageError } from '../usage.ts'
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
  for (const error of errors) {
    const rejected = uncaughtIn(error)
    if (rejected !== null && !isOurs(rejected, file))
      throw new UsageError(`${shown} rejects a promise that nothing handles: ${whereFirst(rejected)}`, fix)
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

/** What k6 says of a promise that was rejected, and where; null of another error. It names no code of its own for it. */
export const uncaughtIn = (error: string): string | null =>
  /^(?:could not initialize .*?: )?Uncaught \(in promise\) (.*)$/s.exec(error)?.[1] ?? null

/** Whether it comes from what plays journeys, and not from one. */
function isOurs(error: string, file: string): boolean {
  const [, place = ''] = /\s+at .*?\(?file:\/\/(.+?):\d+:\d+/.exec(error) ?? []
  // A path as it is, or as a URL has it: with %20 for a space.
  return [place, pathOf(place)].some((each) => each.startsWith(join(project, 'loadtests/')) && each !== file)
}

function pathOf(place: string): string {
  try {
    return decodeURIComponent(place)
  } catch {
    return place
  }
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
