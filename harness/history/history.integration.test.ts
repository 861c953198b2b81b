import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unit } from '../../fixtures/random.ts'
import { pythonPackage } from '../toolchain/python.ts'
import { changePoints, otava } from './change-points.ts'
import type { RunEntry } from './entry.ts'
import { addToHistory } from './file.ts'
import { seriesOf } from './ratchet.ts'

const metric = 'TTFB p95 of page /dashboard, ms'
/** Values that scatter by a tenth. */
const entries = (levels: number[], each = 12): RunEntry[] =>
  levels
    .flatMap((level) => Array.from({ length: each }, () => level))
    .map((level, n) => ({
      kind: 'run',
      run: `run-${n}`,
      at: new Date(Date.UTC(2026, 0, 1 + n)).toISOString(),
      revision: `r${n}`,
      scenario: 'load',
      asked: {},
      machine: 'linux',
      metrics: { [metric]: level * (0.95 + 0.1 * unit(1, n)) },
    }))

describe('a history', () => {
  let directory: string
  let file: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-history-'))
    file = join(directory, 'history.jsonl')
    await pythonPackage(otava)
  }, 300_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const history = (...args: string[]) =>
    execa(process.execPath, ['harness/cli/main.ts', 'history', ...args, '--file', file], {
      reject: false,
      env: { NO_COLOR: '1' },
    })

  it('has a change where there is one, and none in noise', async () => {
    const found = await changePoints(seriesOf(entries([100, 130])))
    expect([...found.values()]).toMatchObject([[{ index: 12 }]])
    expect([...(await changePoints(seriesOf(entries([100, 100])))).values()]).toEqual([[]])
  })

  it('keeps each run once', async () => {
    expect(await addToHistory(file, entries([100, 60, 100]))).toBe(36)
    expect(await addToHistory(file, entries([100, 60, 100]))).toBe(0)
  })

  it('fails when something fell back, until that is accepted', async () => {
    const before = await history('check')
    expect(before.stdout).toContain('fell back from')
    expect(before.stdout).toContain('with r24')
    expect(before.exitCode).toBe(1)
    expect(await readFile(join(directory, 'history.html'), 'utf8')).toContain('<svg')
    const name = `load: ${metric} (linux)`
    expect((await history('accept', name, '--because', 'more stands on it')).exitCode).toBe(0)
    expect((await history('check')).exitCode).toBe(0)
  })

  it('refuses an acceptance without a reason and stays readable', async () => {
    const name = `load: ${metric} (linux)`
    const before = await readFile(file, 'utf8')
    for (const because of ['', ' ']) {
      const { exitCode, stderr } = await history('accept', name, '--because', because)
      expect([exitCode, stderr]).toEqual([64, expect.stringMatching(/^✗ --because is empty — say why/)])
    }
    expect(await readFile(file, 'utf8')).toBe(before)
    expect((await history('check')).exitCode).toBe(0)
  })

  it('refuses in one line what it does not know', async () => {
    expect((await history('accept', 'load: nothing', '--because', 'x')).exitCode).toBe(64)
    const { exitCode, stderr } = await history('add', directory)
    expect([exitCode, stderr.split('\n').length]).toEqual([64, 1])
    expect(stderr).toMatch(/is no run of a load test or of Lighthouse/)
    await writeFile(file, '{"kind":"run"}\n')
    expect((await history('check')).stderr).toMatch(/history\.jsonl:1 is no entry/)
  })
})
