import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startGuard } from './guard.ts'

it('a guard removes the directories that it holds, whatever is in their names, and no other one', async () => {
  const home = await mkdtemp(join(tmpdir(), 'headroom-guard-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  // What the names would be cut into, were they split.
  const others = ['a', 'head', 'room', 'x']
  const held = ['head room  x', 'a ', ' b', '*', 'c\\d', '-e', "f'g"]
  for (const name of [...others, ...held, 'given back', 'given']) await mkdir(join(home, name))
  const guard = startGuard()
  for (const name of held) guard.directory(join(home, name))
  guard.directory(join(home, 'given back')).release()
  guard.end()
  await vi.waitFor(() => expect(held.filter((name) => existsSync(join(home, name)))).toEqual([]))
  expect([...others, 'given back', 'given'].filter((name) => existsSync(join(home, name)))).toHaveLength(6)
})

it('a guard refuses a directory with a line break, since it would remove another one', () => {
  const guard = startGuard()
  expect(() => guard.directory('/tmp/a\nb')).toThrow(/"\/tmp\/a\\nb" has a line break/)
  guard.end()
})
