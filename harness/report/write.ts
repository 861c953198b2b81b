import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Result } from '../judge/result.ts'
import { project } from '../stack/project.ts'
import { junitOfResult } from './junit.ts'
import { markdownSummary } from './summary.ts'

/** All files whole, in a directory that appears at once. @returns the directory */
export async function writeResult(result: Result): Promise<string> {
  return writeTogether(result.run, {
    'result.json': asJson(Result.parse(result)),
    'summary.md': markdownSummary(result),
    'junit.xml': junitOfResult(result),
  })
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Name → text, all of them in a run's directory, which appears at once. @returns the directory */
export async function writeTogether(run: string, files: Record<string, string>): Promise<string> {
  const directory = directoryOf(run)
  const staging = `${directory}.partial`
  await mkdir(staging, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(staging, name), text)
  await rename(staging, directory)
  return directory
}

/** Where a run leaves what it found. */
export const directoryOf = (run: string): string =>
  join(process.env.HEADROOM_RESULTS ?? join(project, 'results'), run)

/** What a run is called, and its directory. */
export const runId = (scenario: string): string =>
  `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${scenario}`
