import { createLog } from '@worklane/data/log.ts'

let log: ReturnType<typeof createLog> | undefined

/**
 * Does what comes after a commit. The write has happened and is answered as such: what fails here is told in the
 * log, and made up for by the relay where it has to be.
 */
export async function runAfterCommit(all: Iterable<() => Promise<void>>): Promise<void> {
  for (const work of all) {
    try {
      await work()
    } catch (error) {
      log ??= createLog('domain')
      log.error({ err: error }, 'after a commit')
    }
  }
}
