import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addAll, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { stagesOf, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { type Collected, lacking, startCollector } from '../collect/collector.ts'
import { judge } from '../judge/judge.ts'
import { startGuard } from '../stack/guard.ts'
import { steady } from '../test/steady.ts'
import { provide } from '../toolchain/provide.ts'
import { startGenerator } from './generator.ts'
import { contentTypeOf } from './testing/content-type.ts'

/** Several k6 processes on execution segments, one collector. */
describe('shards', () => {
  let server: Server | undefined
  afterEach(() => server?.close().closeAllConnections())

  const workload = { users: 90, think: 300, ramp: 500, duration: 4_000, shape: 'steady' } as const

  async function play(shards: number, during: (signal: (index: number) => void) => void = () => {}) {
    const seen = new Set<string>()
    server = createServer((request, response) => {
      seen.add(request.headers.cookie ?? '')
      setTimeout(() => response.writeHead(200, { 'content-type': contentTypeOf(request) }).end('fine'), 100)
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const { k6 } = await provide(['k6'])
    const collector = await startCollector(undefined, { answer: lacking('files') })
    const guard = startGuard()
    const vus = vusFor(workload.users, shards)
    const generator = startGenerator(guard, {
      id: 'shards',
      k6: k6.path,
      scenario: 'smoke',
      vus,
      shards,
      prometheusUrl: '',
      env: {
        HEADROOM_TARGET: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        HEADROOM_SESSION_SECRET: 'a secret for tests',
        HEADROOM_COLLECTOR: collector.url,
        HEADROOM_USERS: String(workload.users),
        HEADROOM_THINK: String(workload.think),
        HEADROOM_RAMP: String(workload.ramp),
        HEADROOM_DURATION: String(workload.duration),
        HEADROOM_SHARDS: String(shards),
        HEADROOM_SCAN: '0',
        HEADROOM_STREAMS: '0',
      },
    })
    during((index) => generator.shards[index]?.signal('SIGKILL'))
    const { code, lastLines } = await generator.exited
    await collector.close()
    guard.end()
    const judgement = judge(collector.collected, {
      users: workload.users,
      stages: stagesOf(workload),
      vus,
      shards,
      judgedMs: workload.duration,
      connections: workload.users,
      k6ExitCode: code,
      k6LastLines: lastLines,
      crashes: [],
      interrupted: false,
      population: null,
      generatorCpuShare: null,
      generatorRssBytes: null,
    })
    return { collected: collector.collected, users: seen, judgement }
  }

  const allOf = ({ routes }: Collected): Histogram => {
    const all: Histogram = new Map()
    for (const { latency } of routes.get('steady')?.values() ?? []) addAll(all, latency)
    return all
  }

  it('play the same users as one process does, each once, and tell the same', async () => {
    type Played = Awaited<ReturnType<typeof play>>
    const playTheSameUsers = ([one, two]: [Played, Played]) => {
      expect(two.users).toEqual(one.users)
      expect(two.users.size).toBe(workload.users)
      expect([...two.collected.vus.keys()].sort()).toEqual([1, 2])
    }
    await steady({
      measure: async (): Promise<[Played, Played]> => [await play(1), await play(2)],
      expectations: ([one, two]) => {
        playTheSameUsers([one, two])
        const rate = two.judgement.totals.requests / one.judgement.totals.requests
        expect(rate).toBeGreaterThan(0.85)
        expect(rate).toBeLessThan(1.15)
        // A server that takes 100 ms does so for both, on a machine that does something else as well.
        for (const { collected } of [one, two]) {
          const median = percentile(allOf(collected), 0.5)
          expect(median).toBeGreaterThan(99)
          expect(median).toBeLessThan(150)
        }
        for (const { judgement } of [one, two]) {
          for (const { ratio } of judgement.little) expect(Math.abs(ratio - 1)).toBeLessThan(0.03)
          expect(judgement.little).toHaveLength(1)
        }
      },
      honest: playTheSameUsers,
    })
  }, 120_000)

  it('make the run invalid when one of them is lost', async () => {
    const { judgement } = await play(2, (kill) => setTimeout(() => kill(1), 3_500))
    expect(judgement.verdict).toBe('invalid')
    expect(judgement.reasons.join('\n')).toMatch(/k6 ended with a signal/)
    expect(judgement.reasons.join('\n')).toMatch(/1 of 2 VUs did not finish/)
  })

  it('make the run invalid when one of them never told anything', async () => {
    const { judgement } = await play(2, (kill) => kill(0))
    expect(judgement.verdict).toBe('invalid')
    expect(judgement.reasons.join('\n')).toMatch(/1 of 2 VUs told nothing: one of 2 shards was lost/)
  })
})
