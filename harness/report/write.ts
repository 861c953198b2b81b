import { rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pc from 'picocolors'
import { fromHere, shownFromHere } from '../plan/here.ts'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { Result } from '../result/result.ts'
import { makeDirectory } from '../toolchain/make-directory.ts'
import { junitOfResult } from './junit.ts'
import { markdownSummary } from './summary.ts'

/** File name → its text, or how to make it. */
export type Texts = Record<string, string | (() => string)>

/** All files whole, in a directory that appears at once. @returns as `writeTogether` */
export const writeResult = (result: Result): Promise<string> =>
  writeTogether(result.run, {
    'result.json': () => asJson(wellFormed(result)),
    'summary.md': () => markdownSummary(result),
    'junit.xml': () => junitOfResult(result),
  })

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/**
 * All of them in a run's directory, which appears at once, the first one at least. What cannot be written is told and
 * is no reason to end: whoever measured still has to tell the verdict. A signal that comes meanwhile ends nothing.
 * @returns the directory as it is shown, or why there is none
 */
export async function writeTogether(run: string, texts: Texts): Promise<string> {
  const wait = () => {}
  for (const signal of endings) process.on(signal, wait)
  try {
    return await inOneDirectory(run, texts)
  } finally {
    for (const signal of endings) process.off(signal, wait)
  }
}

/** Whoever ends a run by one of these once there is a verdict gets it. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function inOneDirectory(run: string, texts: Texts): Promise<string> {
  const directory = directoryOf(run)
  const staging = `${directory}.partial`
  const written = await writeTexts(staging, texts)
  try {
    if (written === 0) throw new Error('nothing could be written')
    await rename(staging, directory)
    return shownFromHere(directory)
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {})
    if (written > 0) missing(directory, error)
    return `no files in ${directory}: ${reasonOf(error)}`
  }
}

/** Writes what can be written, and tells what cannot; nothing once the first one could not. @returns how many */
export async function writeTexts(directory: string, texts: Texts): Promise<number> {
  let written = 0
  for (const [name, text] of Object.entries(texts)) {
    const file = join(directory, name)
    try {
      await makeDirectory(directory)
      await writeFile(file, typeof text === 'string' ? text : text())
      written++
    } catch (error) {
      missing(file, error)
      await rm(file, { force: true }).catch(() => {})
      if (written === 0) break
    }
  }
  return written
}

/** Of load tests and gates, in bytes: many times what they take. */
const usualRoom = 4 * 1024 ** 2
/** Reports of Lighthouse have names of this length, in directories of their own. */
const longestName = join('lighthouse/desktop/nobody', 'x'.repeat(180))

/**
 * Before anything is measured.
 * @param room how many bytes it may take
 * @throws UsageError unless what a run finds can be written
 */
export async function assertWritable(run: string, room = usualRoom): Promise<void> {
  const directory = `${directoryOf(run)}.partial`
  const refuse = (why: string) =>
    new UsageError(
      `results cannot be written to ${dirname(directory)} (${why})`,
      process.env.HEADROOM_RESULTS === undefined
        ? 'make room for it, or name another directory in HEADROOM_RESULTS'
        : 'name another directory in HEADROOM_RESULTS',
    )
  const file = join(directory, longestName)
  let free: number
  try {
    await makeDirectory(dirname(file))
    await writeFile(file, Buffer.alloc(64 * 1024, 1))
    const { bavail, bsize } = await statfs(directory)
    free = bavail * bsize
  } catch (error) {
    throw refuse((error as NodeJS.ErrnoException).code ?? String(error))
  } finally {
    await rm(directory, { recursive: true, force: true }).catch(() => {})
  }
  if (free < room)
    throw refuse(`ENOSPC: ${inMebibytes(free)} MiB are free, and ${inMebibytes(room)} may be needed`)
}

/** Where a run leaves what it found. */
export const directoryOf = (run: string): string =>
  join(process.env.HEADROOM_RESULTS ? fromHere(process.env.HEADROOM_RESULTS) : join(project, 'results'), run)

/** What a run is called, and its directory. */
export const runId = (scenario: string): string =>
  `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${scenario}`

/** A result that is not as readers expect it is told, and written all the same: it is all that there is of the run. */
function wellFormed(result: Result): unknown {
  const parsed = Result.safeParse(result)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  process.stderr.write(
    `${pc.red('✗')} the result is not as it should be: ${issue?.path.join('.')}: ${issue?.message}\n`,
  )
  return result
}

const missing = (file: string, error: unknown) =>
  void process.stderr.write(`${pc.red('✗')} ${file} could not be written (${reasonOf(error)})\n`)

const reasonOf = (error: unknown) =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)

const inMebibytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(1)
