import { readFileSync, writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import { routeLimits } from '@headroom/loadtests/journeys/custom.ts'
import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import { Journey } from './schema.ts'

// A process of its own, in which the script of a journey is run: what it does there, for ever or not, happens to
// nobody else. Called with the script and how long it may take, in ms.

export type Evaluated =
  | { is: 'journey'; name: string; limits: Record<string, RouteLimit>; marked: boolean; workload: Workload }
  /** At a line and a column of the script, both from 0. */
  | { is: 'thrown' | 'endless'; what: string; line: number; column: number }
  | { is: 'wrong'; at: string; what: string }
  | { is: 'missing' }
type Workload = Partial<Record<'users' | 'think' | 'ramp' | 'duration', number>>

/** Where the answer goes: what the journey prints is its own. */
export const answerDescriptor = 3

function evaluated(script: string): Evaluated {
  const module: { exports: { journey?: unknown } } = { exports: {} }
  Object.assign(globalThis, { module, exports: module.exports, require: required, open })
  // By the inspector, which knows where something was thrown that is no Error.
  const session = new Session()
  session.connect()
  let thrown: Evaluated | undefined
  const expression = `${readFileSync(script, 'utf8')}\n//# sourceURL=${scriptUrl}`
  session.post('Runtime.evaluate', { expression }, (error, result) => {
    if (error) thrown = { is: 'thrown', what: error.message, line: 0, column: 0 }
    const { exceptionDetails: details } = result ?? {}
    if (!details) return
    const { value, description } = details.exception ?? {}
    const what =
      typeof value === 'string' ? `throws '${value}'` : (description ?? details.text).split('\n    at')[0]
    const frame = details.stackTrace?.callFrames.find(({ url }) => url === scriptUrl) ?? details
    thrown = { is: 'thrown', what: what ?? '', line: frame.lineNumber, column: frame.columnNumber }
  })
  session.disconnect()
  return thrown ?? described(module.exports.journey)
}

/** How the inspector calls the script. */
const scriptUrl = 'headroom-journey.js'

function described(journey: unknown): Evaluated {
  if (journey === undefined) return { is: 'missing' }
  const parsed = Journey.safeParse(journey)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const at = ['journey', ...(issue?.path ?? [])]
      .map((part) => (part === '' ? "''" : String(part)))
      .join('.')
    return { is: 'wrong', at, what: issue?.message ?? '' }
  }
  const { name, limits, marks, workload = {} } = parsed.data
  return { is: 'journey', name, limits: routeLimits(limits), marked: marks !== undefined, workload }
}

/** k6's, of which a journey may want data while it is read; all else it may only take along. */
const required = (name: string): unknown => (name === 'k6/data' ? { SharedArray } : anything)

function SharedArray(_: string, make: () => unknown[]): unknown[] {
  return make()
}

const anything: unknown = new Proxy(() => {}, {
  get: (_, name) => (typeof name === 'symbol' ? undefined : anything),
  apply: () => anything,
  construct: () => anything as object,
})

const open = (path: string, mode?: string): string | ArrayBuffer => {
  const bytes = readFileSync(path)
  return mode === 'b' ? new Uint8Array(bytes).buffer : bytes.toString('utf8')
}

/** What another thread needs to know of this one. */
export type Watched = { patience: number; scriptUrl: string; descriptor: number }

async function watch(patience: number): Promise<void> {
  const watched: Watched = { patience, scriptUrl, descriptor: answerDescriptor }
  const watcher = new Worker(new URL('./watch.ts', import.meta.url), { workerData: watched })
  await new Promise<void>((resolve) => void watcher.once('online', resolve))
  watcher.unref()
}

// Last, when all of the above is there.
if (import.meta.main) {
  const [script = '', patience = ''] = process.argv.slice(2)
  await watch(Number(patience))
  writeSync(answerDescriptor, JSON.stringify(evaluated(script)))
  process.exit()
}
