import { startStack } from '../stack/stack.ts'

/** Starts the Postgres and Redis that every integration test shares; their URLs are in the environment. */
export async function setup(): Promise<() => Promise<void>> {
  const stack = await startStack({ parts: ['postgres', 'redis'] })
  Object.assign(process.env, stack.env)
  return () => stack.stop()
}
