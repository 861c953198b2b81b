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

it('a part goes on to its end, and we with it, when its log takes nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-part-'))
  const guard = startGuard()
  const part = launch(guard, {
    name: 'shell',
    command: '/bin/sh',
    // More than a pipe holds: it would wait for ever for a reader.
    args: ['-c', 'head -c 300000 /dev/zero; exit 3'],
    // In place of a full disk.
    logFile: directory,
  })
  expect(await part.exited).toEqual({ code: 3, signal: null })
  guard.end()
  await rm(directory, { recursive: true })
})
