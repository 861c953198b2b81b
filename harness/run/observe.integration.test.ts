import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Guard, startGuard } from '../stack/guard.ts'
import type { Part } from '../stack/part.ts'
import { startPrometheus } from '../stack/prometheus.ts'
import type { Stack } from '../stack/stack.ts'
import { provide } from '../toolchain/provide.ts'
import { Observer, type Seen } from './observe.ts'
import { missingEvidence } from './required.ts'

/** What a process of Worklane tells, as far as it is looked at; the web tells nothing of its memory. */
const metrics = (job: string) => `nodejs_eventloop_lag_p99_seconds 0.01
page_failures_total{route="/reports",kind="error"} 0
effect_delay_seconds_bucket{le="0.1"} ${job === 'worker' ? ++told * 10 : 0}
effect_delay_seconds_bucket{le="+Inf"} ${told * 10}
effect_delay_seconds_count ${told * 10}
effect_oldest_waiting_seconds 0
${job === 'web' ? '' : 'process_resident_memory_bytes 100000000\nnodejs_array_buffers_bytes 1000000\n'}`
let told = 0
const usage = { api: { cpuSeconds: 1, rssBytes: 1e8 }, web: { cpuSeconds: 1, rssBytes: 1e8 } }

describe('what is watched of a stack', () => {
  let guard: Guard
  let directory: string
  let prometheus: { part: Part; url: string }
  const servers: Record<string, Server> = {}
  let seen: Seen
  let stopped: Seen

  beforeAll(async () => {
    guard = startGuard()
    directory = await mkdtemp(join(tmpdir(), 'headroom-observe-'))
    const addresses: Record<string, string> = {}
    const targets: Record<string, number[]> = {}
    for (const job of ['api', 'web', 'worker']) {
      const server = createServer((_, response) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4')
        response.end(metrics(job))
      })
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      servers[job] = server
      addresses[job] = `http://127.0.0.1:${port}`
      targets[job] = [port]
    }
    const { prometheus: tool } = await provide(['prometheus'])
    prometheus = await startPrometheus(guard, {
      program: tool.path,
      version: tool.version,
      port: await getPort(),
      targets,
      directory: join(directory, 'data'),
      logFile: join(directory, 'prometheus.log'),
    })
    const stack = {
      prometheusUrl: prometheus.url,
      addresses,
      env: { DATABASE_URL: process.env.DATABASE_URL },
      parts: ['api', 'web', 'worker'].map((name) => ({ name })),
      // Longer than from one look to the next, as on a busy machine.
      usage: () => new Promise((resolve) => setTimeout(() => resolve(usage), 1_300)),
    } as unknown as Stack
    await vi.waitUntil(() => told > 1, { timeout: 20_000 })
    const watch = async (of: Stack): Promise<Observer> => {
      const observer = new Observer(of, () => true)
      observer.start()
      await new Promise((resolve) => setTimeout(resolve, 9_000))
      return observer
    }
    const [first, second] = await Promise.all([watch(stack), watch({ ...stack, env: {} })])
    seen = await first.end()
    await prometheus.part.stop()
    stopped = await second.end()
  })
  afterAll(async () => {
    for (const server of Object.values(servers)) server.close()
    await prometheus.part.stop()
    guard.end()
    await rm(directory, { recursive: true, force: true })
  })

  it('names the part that cannot be watched, and the process of which Prometheus holds no samples', () => {
    expect(seen.missing).toContainEqual({
      what: 'CPU of the parts',
      why: 'the processes of worker cannot be watched on this system',
    })
    expect(seen.missing.map(({ what, why }) => `${what}: ${why}`)).toContain(
      "memory slopes: Prometheus held no samples of web's memory (resident)",
    )
    expect(seen.missing.map(({ what }) => what)).not.toContain('delay of effects')
    // Reset once, however long a look takes: two at once would be in each other's way.
    expect(seen.missing.filter(({ what }) => what === 'statements')).toEqual([])
    expect(seen.observed.failedPages).toEqual([])
  })

  it('has slopes with the samples that were scraped, once each', () => {
    const api = seen.memory.find(({ process, what }) => process === 'api' && what === 'resident')
    expect(api?.samples).toBeGreaterThanOrEqual(1)
    expect(api?.samples).toBeLessThanOrEqual(5)
    expect(missingEvidence('soak', seen).join('\n')).toMatch(
      /samples of api's memory \(resident\).*20 are needed/,
    )
  })

  it('is missing, with the reason, once Prometheus does not answer any more', () => {
    const { missing, observed, memory } = stopped
    for (const what of [
      'delay of effects',
      'failed pages',
      'memory slopes',
      'event loops and pools',
    ] as const)
      expect(missing).toContainEqual({ what, why: expect.stringMatching(/^Prometheus did not answer/) })
    expect(observed.failedPages).toBeNull()
    expect(memory).toEqual([])
    expect(missingEvidence('smoke', stopped).join('\n')).toMatch(
      /failed pages, which smoke stands on, is missing/,
    )
  })
})
