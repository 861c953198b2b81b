import { access, readFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import { execa } from 'execa'
import { fromHere, shownFromHere } from '../here.ts'
import { UsageError } from '../usage.ts'
import { bundle } from './bundle.ts'
import { answerDescriptor, type Evaluated } from './evaluate.ts'

/** What the harness knows of a journey; the rest of its file is k6's (loadtests/journeys/contract.ts). */
export type JourneyFile = {
  /** Absolute. */
  file: string
  /** What k6 runs: the file with all that it imports. */
  script: string
  name: string
  limits: Record<string, RouteLimit>
  /** Whether answers can be told to be another tenant's. */
  marked: boolean
  workload: Partial<Record<'users' | 'think' | 'ramp' | 'duration', number>>
}

const docs = 'see docs/any-target.md'

/**
 * @param path from where the command was typed
 * @param patience how long it may take to be run, in ms
 * @throws UsageError that names the field of the file, or its line, and what is wrong there
 */
export async function readJourney(path: string, patience = 10_000): Promise<JourneyFile> {
  const file = fromHere(path)
  const shown = shownFromHere(file)
  await access(file).catch(() => {
    throw new UsageError(`there is no journey at ${shown}`, 'give the path of a file that exports one')
  })
  const script = await bundle(file)
  const answer = await evaluate(script, patience)
  if (answer.is === 'journey') {
    const { is: _, ...rest } = answer
    return { file, script, ...rest }
  }
  if (answer.is === 'missing')
    throw new UsageError(`${shown} exports no journey`, 'it needs `export const journey: Journey = { … }`')
  if (answer.is === 'wrong') throw new UsageError(`${shown}: ${answer.at} ${answer.what}`, docs)
  const place = await sourceOf(script, answer.line, answer.column)
  throw new UsageError(`${place ?? shown}: the journey cannot be read: ${answer.what}`, docs)
}

async function evaluate(script: string, patience: number): Promise<Evaluated> {
  const { stdio, exitCode, stderr } = await execa(
    process.execPath,
    [join(import.meta.dirname, 'evaluate.ts'), script, String(patience)],
    // Its own watch ends it earlier, and knows where it was.
    { reject: false, stdio: ['ignore', 'ignore', 'pipe', 'pipe'], timeout: patience + 20_000 },
  )
  const answer = stdio[answerDescriptor]
  if (typeof answer === 'string' && answer !== '') return JSON.parse(answer) as Evaluated
  const what = `ends the process that reads it (${exitCode ?? 'a signal'}): ${String(stderr).slice(0, 200)}`
  return { is: 'thrown', what, line: 0, column: 0 }
}

/** Where a place of a script stands in a journey's files: `file:line:column`; null of what they do not hold. */
async function sourceOf(script: string, line: number, column: number): Promise<string | null> {
  const map = new SourceMap(JSON.parse(await readFile(`${script}.map`, 'utf8')))
  const entry = map.findEntry(line, column)
  if (!('originalSource' in entry)) return null
  return `${shownFromHere(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
}
