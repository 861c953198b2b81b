import { type ChildProcess, spawn } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { MachineWatch } from './machine-load.ts'

/** Half of a core: other tests run beside this one. */
const loop = 'while :; do i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; sleep 0.1; done'
const running: ChildProcess[] = []

/** A process under a name of its own, in a session of its own, until the test ends. */
async function start(name: string, args: string[], program = '/bin/sh'): Promise<ChildProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-load-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await copyFile(program, join(directory, name))
  const child = spawn(join(directory, name), args, { detached: true, stdio: 'ignore' })
  running.push(child)
  return child
}

async function otherProcesses(watch: MachineWatch): Promise<{ names: string[]; cores: number }> {
  watch.start()
  const from = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 7_000))
  await watch.stop()
  const { load } = watch.between(from, Date.now())
  return { names: load?.largest.map(({ name }) => name) ?? [], cores: load?.foreignCores ?? 0 }
}

describe('what others use of this machine', () => {
  afterEach(() => {
    for (const { pid } of running.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  })

  it('is what is neither ours nor what we started, and named by its program', async () => {
    const own = await start('own-loop', ['-c', `(${loop}) & wait`])
    await start('foreign-loop', ['-c', loop])
    const { names, cores } = await otherProcesses(new MachineWatch([], own.pid))
    expect(names).toContain('foreign-loop')
    expect(names).not.toContain('own-loop')
    expect(cores).toBeGreaterThan(0.1)
  })

  it('is not what serves at the target’s port, nor whom that asks in turn', async () => {
    const [front, back] = [await getPort(), await getPort()]
    const burn = `setInterval(() => { const end = performance.now() + 4; while (performance.now() < end); }, 10)`
    const behind = `require('node:net').createServer((socket) => socket.on('error', () => {})).listen(${back}, '127.0.0.1'); ${burn}`
    const before = `require('node:net').createServer().listen(${front}, '127.0.0.1');
      setInterval(() => {
        if (globalThis.open) return
        globalThis.open = require('node:net').connect(${back}, '127.0.0.1').on('error', () => { globalThis.open = undefined })
      }, 50); ${burn}`
    await start('the-database', ['-e', behind], process.execPath)
    await start('the-app', ['-e', before], process.execPath)
    await start('foreign-loop', ['-c', loop])
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const idle = await start('idle', ['60'], '/bin/sleep')
    const { names } = await otherProcesses(new MachineWatch([front], idle.pid))
    expect(names).toContain('foreign-loop')
    expect(names).not.toContain('the-app')
    expect(names).not.toContain('the-database')
  })

  it('is not told where nobody can say who serves at the target’s port', async () => {
    const port = await getPort()
    const watch = new MachineWatch([port]).start()
    await watch.stop()
    const { load, notWatched } = watch.between(Date.now() - 1_000, Date.now())
    expect(load).toBeNull()
    expect(notWatched.join()).toMatch(new RegExp(`who serves on its port ${port} cannot be told`))
  })
})
