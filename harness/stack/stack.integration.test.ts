import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { type Crash, type Stack, startStack } from './stack.ts'

const parts = ['postgres', 'redis'] as const
const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const runningClusters = async () =>
  (await readdir(join(project, '.headroom'))).filter((name) => name.startsWith('running-'))

describe('the stack', () => {
  const started: Stack[] = []
  const inherited = { ...process.env }
  const start = async () => {
    const stack = await startStack({ parts, mode: 'test' })
    started.push(stack)
    return stack
  }

  beforeEach(() => {
    // What the integration run itself stands on is not to be used here.
    delete process.env.DATABASE_URL
    delete process.env.REDIS_URL
  })
  afterEach(async () => {
    Object.assign(process.env, inherited)
    await Promise.all(started.splice(0).map((stack) => stack.stop()))
  })

  it('gives the addresses of what it started, and leaves nothing of it behind', async () => {
    const before = await runningClusters()
    const stack = await start()
    expect(Object.keys(stack.env)).toEqual(
      expect.arrayContaining([
        'DATABASE_URL',
        'APP_DATABASE_URL',
        'WORKER_DATABASE_URL',
        'AUTH_DATABASE_URL',
        'RELAY_DATABASE_URL',
        'INTAKE_DATABASE_URL',
        'OPERATOR_DATABASE_URL',
        'REDIS_URL',
      ]),
    )
    const pids = stack.parts.map(({ pid }) => pid)
    expect(pids.every(alive)).toBe(true)
    await stack.stop()
    expect(pids.some(alive)).toBe(false)
    expect(await runningClusters()).toEqual(before)
  })

  it('runs beside another one', async () => {
    const [first, second] = await Promise.all([start(), start()])
    expect(first.env.DATABASE_URL).not.toBe(second.env.DATABASE_URL)
    await first.stop()
    expect(second.parts.every(({ pid }) => alive(pid))).toBe(true)
  })

  it('tells of a part that ended, with the last lines of its log', async () => {
    const stack = await start()
    const crash = new Promise<Crash>((resolve) => stack.onCrash(resolve))
    stack.parts.find(({ name }) => name === 'postgres')?.signal('SIGQUIT')
    expect(await crash).toMatchObject({ part: 'postgres', lastLines: expect.stringContaining('shutdown') })
  })

  it('dies with its parent, even when that is killed', async () => {
    const before = await runningClusters()
    const directory = await mkdtemp(join(tmpdir(), 'headroom-parent-'))
    const script = join(directory, 'parent.ts')
    await writeFile(
      script,
      `import { startStack } from '${join(import.meta.dirname, 'stack.ts')}'
       const stack = await startStack({ parts: ['postgres', 'redis'], mode: 'test' })
       console.log(JSON.stringify(stack.parts.map(({ pid }) => pid)))
       setInterval(() => {}, 1000)`,
    )
    const parent = execa(process.execPath, [script], { reject: false })
    const pids = await new Promise<number[]>((resolve) =>
      parent.stdout?.once('data', (data: Buffer) => resolve(JSON.parse(data.toString()))),
    )
    expect(pids.every(alive)).toBe(true)
    parent.kill('SIGKILL')
    await parent
    await expect.poll(() => pids.some(alive), { timeout: 15_000 }).toBe(false)
    await expect.poll(runningClusters, { timeout: 15_000 }).toEqual(before)
    await rm(directory, { recursive: true, force: true })
    expect(existsSync(directory)).toBe(false)
  })
})
