import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Result } from '../judge/result.ts'

/** A run that must not be green, and what its result must say. */
describe('a run that breaks a promise', () => {
  let results: string

  beforeAll(async () => {
    results = await mkdtemp(join(tmpdir(), 'headroom-known-bad-'))
  })
  afterAll(() => rm(results, { recursive: true, force: true }))

  async function smoke(name: string, ...options: string[]) {
    const directory = join(results, name)
    const { exitCode, stdout, stderr } = await execa(
      'node',
      ['harness/cli/main.ts', 'loadtest', 'smoke', ...options],
      { reject: false, preferLocal: true, env: { HEADROOM_RESULTS: directory } },
    )
    const [run] = await readdir(directory)
    const result = Result.parse(JSON.parse(await readFile(join(directory, run ?? '', 'result.json'), 'utf8')))
    return { exitCode, text: stdout + stderr, result }
  }

  it('fails, and names the route, when one route answers 900 ms late', async () => {
    const { exitCode, result } = await smoke('slow', '--fault', 'delay=task.list:900')
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    const broken = result.evidence.filter((limit) => !limit.passed).map((limit) => limit.route)
    expect(broken).toContain('GET /v1/projects/:projectId/tasks')
    expect(broken.some((route) => route?.startsWith('page '))).toBe(false)
  })

  it('is invalid when the generator was starved of CPU', async () => {
    const { exitCode, result } = await smoke(
      'starved',
      '--duration',
      '15s',
      '--fault',
      'starve-generator=0.05',
    )
    expect(exitCode).toBe(2)
    expect(result.verdict).toBe('invalid')
    expect(result.reasons.join('\n')).toMatch(/schedule lag/)
  })

  it('fails no request when two processes of each serve, and one of each is deployed anew meanwhile', async () => {
    const { result } = await smoke(
      // Starting a process of Next takes a core for seconds: what is asked meanwhile must be few of all.
      ...['deployed', '--web', '2', '--api', '2', '--users', '60', '--duration', '100s'],
      ...['--fault', 'restart=api-1@15%', '--fault', 'restart=web-2@40%'],
    )
    // How late answers are while Next starts beside them is this machine's matter.
    expect(result.reasons.filter((reason) => !/: TTFB p95 \d/.test(reason))).toEqual([])
    expect(result.verdict).not.toBe('invalid')
    const failed = result.routes.filter(({ errors }) => Object.keys(errors).length > 0)
    expect(failed.map(({ route, errors }) => ({ route, errors }))).toEqual([])
    expect(result.totals).toMatchObject({ errors: 0 })
    expect(result.totals.requests).toBeGreaterThan(500)
  })

  it('fails when the cache forgets whose answer it keeps', async () => {
    const { exitCode, result } = await smoke('leaking', '--duration', '10s', '--fault', 'leak=cache')
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    expect(result.reasons.join('\n')).toMatch(/showed user \d+ another tenant's text/)
  })

  it('fails, and names the part, when the API stops half-way', async () => {
    const { exitCode, result } = await smoke('stopped', '--duration', '15s', '--fault', 'stop=api@50%')
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    expect(result.reasons.join('\n')).toMatch(/\bapi\b/)
  })
})
