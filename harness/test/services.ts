import { startStack } from '../stack/stack.ts'

/** Starts the Postgres and Redis that every integration test shares; their URLs are in the environment. */
export async function setup(): Promise<() => Promise<void>> {
  const stack = await startStack({ parts: ['postgres', 'redis'] })
  // A busy machine is slow, and no store of limits that is away.
  Object.assign(process.env, stack.env, { RATE_LIMIT_PATIENCE_MS: '10000' })
  return () => stack.stop()
}
