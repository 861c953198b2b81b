import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lighthouserc } from '@headroom/perf-budgets/lighthouserc.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Guard, startGuard } from '../stack/guard.ts'
import { type LighthouseRun, lighthouse } from './lighthouse.ts'
import { phoneFor } from './phone.ts'

describe('what an audit leaves', () => {
  let guard: Guard
  let directory: string

  beforeAll(async () => {
    guard = startGuard()
    directory = await mkdtemp(join(tmpdir(), 'headroom-lighthouse-test-'))
  })
  afterAll(async () => {
    guard.end()
    await rm(directory, { recursive: true, force: true })
  })

  /** Of no page, which needs no Chromium. */
  const run = (change: Partial<LighthouseRun>) =>
    lighthouse({
      id: 'none',
      guard,
      chromium: '',
      origin: '',
      pages: [],
      sessionToken: '',
      rc: lighthouserc(),
      runs: 1,
      formFactors: ['mobile'],
      phone: phoneFor(1_100),
      directory,
      say: () => {},
      ...change,
    })
  const written = (name: string) => readFile(join(directory, name), 'utf8')

  it('is as red as its exit code when a part of Worklane ended, and says so in every file', async () => {
    const crashed = 'api-1 ended during the audit:\nno memory'
    const { verdict } = await run({ crash: () => crashed })
    expect(verdict).toBe('fail')
    expect(JSON.parse(await written('result.json'))).toMatchObject({ verdict: 'fail', crashed })
    for (const name of ['summary.md', 'index.html', 'junit.xml']) {
      expect(await written(name), name).toMatch(/api-1 ended during the audit:\s.*no memory/s)
    }
  })

  it('has the faults that it was made with, or none', async () => {
    await run({})
    expect(JSON.parse(await written('result.json'))).toMatchObject({ faults: [], crashed: null })
    await run({ faults: ['slow=10', 'uncompressed'] })
    expect(JSON.parse(await written('result.json'))).toMatchObject({ faults: ['slow=10', 'uncompressed'] })
    expect(await written('summary.md')).toContain('Made with faults on purpose: slow=10, uncompressed.')
    expect(await written('index.html')).toContain('Made with faults on purpose: slow=10, uncompressed.')
  })
})
