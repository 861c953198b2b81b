import pc from 'picocolors'
import type { Stack } from '../stack/stack.ts'

/** Waits for Ctrl-C, or for a part that ends by itself, which makes the command fail; then stops the stack. */
export async function untilStopped(stack: Stack): Promise<void> {
  const crashed = new Promise<void>((resolve) =>
    stack.onCrash(({ part, lastLines }) => {
      console.error(`${pc.red('✗')} ${part} ended:\n${lastLines}`)
      process.exitCode = 1
      resolve()
    }),
  )
  await Promise.race([crashed, interrupted()])
  await stack.stop()
}

const interrupted = () =>
  new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
