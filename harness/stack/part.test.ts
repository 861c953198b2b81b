import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startGuard } from './guard.ts'
import { launch, untilReady } from './part.ts'

it('a part that has ended is not ready, although somebody else answers in its place', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-part-'))
  const guard = startGuard()
  const part = launch(guard, {
    name: 'shell',
    command: '/bin/sh',
    args: ['-c', 'echo address already in use; exit 1'],
    logFile: join(directory, 'shell.log'),
  })
  await part.exited
  await expect(untilReady(part, async () => true)).rejects.toThrow(
    'shell ended while starting:\naddress already in use',
  )
  guard.end()
  await rm(directory, { recursive: true })
})
