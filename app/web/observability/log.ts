import { createLog } from '@worklane/data/log.ts'

let log: ReturnType<typeof createLog> | undefined

/** The web process's log: JSON lines, and nothing in them that could sign somebody in. */
export function webLog(): ReturnType<typeof createLog> {
  log ??= createLog('web')
  return log
}
