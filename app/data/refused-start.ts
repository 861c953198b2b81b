import { writeSync } from 'node:fs'
import { whenRefused } from './pool.ts'

/** EX_USAGE of sysexits.h, as of wrong use of the harness's command. */
const usage = 64

/** Ends the process with one line that says what of its surroundings stands against it. */
function refuse(kind: string, error: Error): never {
  try {
    writeSync(process.stderr.fd, `${kind} does not start: ${error.message}\n`)
  } catch {
    // Nobody reads it.
  }
  process.exit(usage)
}

/** What `refuse` is for; everything else is nobody's fault but ours and keeps its stack. */
const refusals = ['RefusedConnection', 'ConfigurationError']

const isRefusal = (error: unknown): error is Error => error instanceof Error && refusals.includes(error.name)

/** Does what belongs to the start of a process; where its environment is wrong the process ends with one line. */
export function orRefuse<T>(kind: string, begin: () => T): T {
  const failed = (error: unknown): never => {
    if (isRefusal(error)) refuse(kind, error)
    throw error
  }
  try {
    const begun = begin()
    return begun instanceof Promise ? (begun.catch(failed) as T) : begun
  } catch (error) {
    return failed(error)
  }
}

/** From now on a pool whose role turns out to be able to do more than it should ends the process, however late. */
export const endWhenRefused = (kind: string): void => whenRefused((refusal) => refuse(kind, refusal))
