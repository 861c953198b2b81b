import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Result } from '../../harness/result/result.ts'
import { steady } from '../../harness/test/steady.ts'
import { bookshop, type Faults } from './server.ts'

// What others disturbed is played again.
vi.setConfig({ testTimeout: 180_000 })

const secret = 'what signs the cookies of the bookshop'

/** The command line on an app that is not Worklane. */
describe('a journey of somebody’s own', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.close().closeAllConnections()
  })

  async function play(faults: Faults, signedWith = secret) {
    server = bookshop(secret, faults)
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const results = await mkdtemp(join(tmpdir(), 'headroom-bookshop-'))
    try {
      const { exitCode } = await execa(
        process.execPath,
        [
          ...['harness/cli/main.ts', 'loadtest', 'examples/bookshop/journey.ts', '--target', target],
          ...['--duration', '6s', '--think', '500ms', '--ramp', '1s'],
        ],
        { reject: false, env: { HEADROOM_RESULTS: results, HEADROOM_SESSION_SECRET: signedWith } },
      )
      const [run = ''] = await readdir(results)
      const result = Result.parse(JSON.parse(await readFile(join(results, run, 'result.json'), 'utf8')))
      return { exitCode, run, result }
    } finally {
      await rm(results, { recursive: true, force: true })
    }
  }

  it('is played with its own sessions, and judged by its own limits', async () => {
    const isPlayedByItsLimits = ({ run, result }: Awaited<ReturnType<typeof play>>) => {
      expect(run).toMatch(/-bookshop$/)
      expect(result.routes.map(({ route, ttfbLimit }) => [route, ttfbLimit])).toEqual([
        ['GET /api/books/:id', 100],
        ['POST /api/orders', 200],
        ['page /', 200],
      ])
      expect(result.totals.probes).toBeGreaterThan(100)
    }
    await steady({
      measure: () => play({}),
      expectations: (played) => {
        expect(played.result.reasons).toEqual([])
        expect(played.exitCode).toBe(0)
        isPlayedByItsLimits(played)
      },
      honest: (played) => {
        isInvalidForOthers(played)
        isPlayedByItsLimits(played)
      },
    })
  })

  it('fails when a route is slower than its limit, and names it', async () => {
    const slow = expect.stringMatching(/^GET \/api\/books\/:id: TTFB p95/)
    await steady({
      measure: () => play({ slowBooks: 150 }),
      expectations: ({ exitCode, result }) => {
        expect(exitCode).toBe(1)
        expect(result.reasons).toEqual([slow])
      },
      honest: (played) => {
        isInvalidForOthers(played)
        expect(played.result.evidence.filter(({ passed }) => !passed)).toContainEqual(
          expect.objectContaining({
            limit: 'TTFB p95',
            where: { route: 'GET /api/books/:id', phase: expect.any(String) },
          }),
        )
      },
    })
  })

  it('is invalid, and names who used the machine, when it is too slow beside a busy process of somebody else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headroom-busy-'))
    const busy = join(directory, 'busy-process')
    await copyFile('/bin/sh', busy)
    // Nobody's child: what a target starts belongs to it, and here the target is this very process.
    const { stdout: pid } = await execa('sh', [
      '-c',
      `"$0" -c 'while :; do :; done' > /dev/null 2>&1 & echo $!`,
      busy,
    ])
    try {
      const played = await play({ slowBooks: 150 })
      isInvalidForOthers(played)
      expect(played.result.reasons[0]).toMatch(/^other processes used \d\.\d of \d+ cores/)
      expect(played.result.machineLoad?.largest.map(({ name }) => name)).toContain('busy-process')
      expect(played.result.reasons.join()).toMatch(/GET \/api\/books\/:id: TTFB p95|generator was late/)
    } finally {
      process.kill(Number(pid), 'SIGKILL')
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('fails when a customer sees the shelf of another shop', async () => {
    const { exitCode, result } = await play({ leakEvery: 20 })
    expect(exitCode).toBe(1)
    expect(result.reasons[0]).toMatch(/^\d+ answers showed another tenant's text, of which 5 are named$/)
    expect(result.reasons[1]).toMatch(/showed user \d+ another tenant's text \(shop-\d;\)/)
  })

  it('fails when the app does not know its sessions, and says so, though nobody’s answers were looked at', async () => {
    const { exitCode, result } = await play({}, 'another secret')
    expect(exitCode).toBe(1)
    expect(result.reasons[0]).toMatch(
      /\d+ of \d+ requests failed \(\d+ signed-out\).*for example GET \S+ answered 401/,
    )
    expect(result.totals.errors).toBe(result.totals.requests)
    expect(Object.keys(result.routes[0]?.errors ?? {})).toEqual(['signed-out'])
  })
})

function isInvalidForOthers({ exitCode, result }: { exitCode: number | undefined; result: Result }): void {
  expect([exitCode, result.verdict]).toEqual([2, 'invalid'])
  expect(result.reasons.join()).toMatch(/other (processes|machines)/)
}
