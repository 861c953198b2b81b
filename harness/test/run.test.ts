import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { countVitest, failuresIn, runSteps } from './run.ts'
import { notHere, type Step } from './steps.ts'

const report = (passed: number, failed: number, pending = 0) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
  })

describe('counting a test run', () => {
  it('counts what vitest reports', () => {
    expect(countVitest(report(12, 0), true)).toEqual({ passed: 12, failed: 0 })
    expect(countVitest(report(11, 1), false)).toEqual({ passed: 11, failed: 1 })
  })

  it('counts a skipped test as failed: what was not run has not passed', () => {
    expect(countVitest(report(11, 0, 1), true)).toEqual({ passed: 11, failed: 1 })
  })

  it('fails a run that executed no test', () => {
    expect(countVitest(report(0, 0), true)).toEqual({ passed: 0, failed: 1 })
  })

  it('fails a run that died without a report, or after its tests', () => {
    expect(countVitest('', false)).toEqual({ passed: 0, failed: 1 })
    expect(countVitest(report(5, 0), false)).toEqual({ passed: 5, failed: 1 })
  })

  it('names each test that did not pass, and each file that could not run', () => {
    const test = (fullName: string, status: string, ...failureMessages: string[]) => ({
      fullName,
      status,
      failureMessages,
    })
    const file = (name: string, status: string, message: string, ...assertionResults: unknown[]) => ({
      name: join(process.cwd(), name),
      status,
      message,
      assertionResults,
    })
    const text = JSON.stringify({
      testResults: [
        file(
          'a.test.ts',
          'failed',
          '',
          test('adds', 'passed'),
          test('takes', 'failed', 'Error: 1 is 2\n at'),
        ),
        file('b.test.ts', 'failed', 'Cannot find module x\nfrom y'),
        file('c.test.ts', 'passed', '', test('waits', 'skipped')),
      ],
    })
    expect(failuresIn(text)).toEqual([
      'a.test.ts: takes: Error: 1 is 2',
      'b.test.ts: Cannot find module x',
      'c.test.ts: waits: skipped',
    ])
    expect(failuresIn('')).toEqual([])
  })

  it('names what was thrown outside of every test, which fails a run in which all passed', async () => {
    const root = await mkdtemp(join(tmpdir(), 'headroom-run-'))
    const lines: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
    try {
      await writeFile(
        join(root, 'late.test.mjs'),
        "test('passes', () => { Promise.reject(new RangeError('nobody waited')) })",
      )
      const step: Step = {
        name: 'late',
        about: 'fix it',
        command: ['vitest', 'run', '--root', root, '--globals'],
        counts: 'vitest',
      }
      expect(await runSteps([step])).toEqual({ passed: 1, failed: 1 })
      expect(stripVTControlCharacters(lines.join('\n'))).toMatch(/late\.test\.mjs.*RangeError: nobody waited/)
    } finally {
      log.mockRestore()
      await rm(root, { recursive: true, force: true })
    }
  })

  it('goes on after a failed step, and counts both', async () => {
    const step = (name: string, code: string): Step => ({
      name,
      about: '',
      command: ['node', '-e', code],
      counts: 'one',
    })
    expect(await runSteps([step('bad', 'process.exit(3)'), step('good', '0')])).toEqual({
      passed: 1,
      failed: 1,
    })
  })

  it('counts for none what this machine cannot do, and a failure where it can', async () => {
    const step = (code: number): Step => ({
      name: 'images',
      about: '',
      command: ['node', '-e', `console.log('no'); process.exit(${code})`],
      counts: 'where possible',
    })
    expect(await runSteps([step(notHere)])).toEqual({ passed: 0, failed: 0 })
    expect(await runSteps([step(1)])).toEqual({ passed: 0, failed: 1 })
    expect(await runSteps([step(0)])).toEqual({ passed: 1, failed: 0 })
  })
})
