import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentTypeOf } from '../harness/run/testing/content-type.ts'
import { type Stack, startStack } from '../harness/stack/stack.ts'
import { provide } from '../harness/toolchain/provide.ts'
import { queriesOf, withVariables } from './queries.ts'
import { slaDashboard } from './sla.ts'

const queries = queriesOf(slaDashboard())
const variables = { __range: '15m', __rate_interval: '20s', testid: '.*' }

/** Answers each request of the swarm as Worklane would, except every tenth: that one with a 503. */
function standIn() {
  let asked = 0
  const server = createServer((request, response) => {
    request.resume()
    if (request.url?.startsWith('/collector')) {
      // As the collector tells it: there is no object store behind this.
      return void response.writeHead(request.method === 'POST' ? 204 : 200).end('["files"]')
    }
    const created = request.method === 'POST' && request.url?.startsWith('/v1/') ? 201 : 200
    const type = { 'content-type': contentTypeOf(request) }
    setTimeout(() => response.writeHead(++asked % 10 === 0 ? 503 : created, type).end('x'), 3)
  })
  return new Promise<{ origin: string; close(): void }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({ origin: `http://127.0.0.1:${port}`, close: () => void server.close() })
    })
  })
}

/** Tells of webhooks as a worker does, where Prometheus expects one: each took 0.2 s, and the oldest waits for three. */
function workerAt(address: string) {
  let done = 0
  const server = createServer((_, response) => {
    done += 5
    const buckets = ['0.1', '0.25', '+Inf'].map(
      (le) => `webhook_effect_seconds_bucket{le="${le}"} ${le === '0.1' ? 0 : done}`,
    )
    const jobs = buckets.map((line) => line.replace('webhook_effect', 'effect_delay'))
    response.setHeader('Content-Type', 'text/plain; version=0.0.4')
    response.end(
      [
        ...buckets,
        ...jobs,
        'webhook_oldest_waiting_seconds 3',
        'job_oldest_seconds{queue="mail"} 2',
        '',
      ].join('\n'),
    )
  })
  return new Promise<{ close(): void }>((resolve) => {
    server.listen(Number(new URL(address).port), '127.0.0.1', () =>
      resolve({ close: () => void server.close() }),
    )
  })
}

describe('the dashboard, over a Prometheus that holds a run', () => {
  let stack: Stack
  let worker: Awaited<ReturnType<typeof workerAt>>

  beforeAll(async () => {
    const { k6 } = await provide(['k6'])
    stack = await startStack({ parts: ['prometheus'] })
    const worklane = await standIn()
    worker = await workerAt(stack.addresses.worker ?? '')
    try {
      const output = ['--address', '', '--quiet', '--out', 'experimental-prometheus-rw']
      await execa(k6.path, ['run', ...output, join(import.meta.dirname, '../loadtests/scenarios/smoke.ts')], {
        env: {
          HEADROOM_TARGET: worklane.origin,
          HEADROOM_COLLECTOR: `${worklane.origin}/collector`,
          HEADROOM_SESSION_SECRET: 'any',
          HEADROOM_USERS: '60',
          HEADROOM_THINK: '150',
          HEADROOM_RAMP: '2000',
          HEADROOM_DURATION: '8000',
          HEADROOM_SCAN: '0',
          K6_PROMETHEUS_RW_SERVER_URL: `${stack.prometheusUrl}/api/v1/write`,
          K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM: 'true',
          K6_PROMETHEUS_RW_PUSH_INTERVAL: '1s',
        },
      })
    } finally {
      worklane.close()
    }
  })

  afterAll(async () => {
    worker?.close()
    await stack?.stop()
  })

  /** The values that Prometheus answers, those that are no number left out. */
  async function ask(expression: string): Promise<number[]> {
    const address = new URL('/api/v1/query', stack.prometheusUrl)
    address.searchParams.set('query', withVariables(expression, variables))
    const { status, data, error } = (await (await fetch(address)).json()) as {
      status: string
      error?: string
      data?: { result: { value: [number, string] }[] }
    }
    if (status !== 'success') throw new Error(`${error}: ${expression}`)
    return (data?.result ?? []).map(({ value }) => Number(value[1])).filter(Number.isFinite)
  }
  const expressionOf = (panel: string) =>
    queries.find((query) => query.panel.startsWith(panel))?.expression ?? ''

  it.each(queries.map((query) => [query.panel, query.legend, query.expression] as const))(
    'has an answer for: %s, %s',
    async (_panel, _legend, expression) => {
      expect(await ask(expression)).not.toEqual([])
    },
  )

  it.each(queries.map((query) => [query.panel, query.legend, query.expression] as const))(
    'would be empty, and be caught, with a metric of another name: %s, %s',
    async (_panel, _legend, expression) => {
      const misspelt = expression.replaceAll(/\b(k6|webhook|effect|job)_(\w+)/g, '$1_no_such_$2')
      expect(misspelt).not.toBe(expression)
      expect(await ask(misspelt)).toEqual([])
    },
  )

  it('counts errors as they were, and sees no leak where there was none', async () => {
    const [availability = 0] = await ask(expressionOf('Availability'))
    expect(availability).toBeGreaterThan(0.85)
    expect(availability).toBeLessThan(0.95)
    const [left = 1] = await ask(expressionOf('Error budget'))
    expect(left).toBeLessThan(-50)
    const byClass = await ask(expressionOf('Errors per second'))
    expect(byClass, 'none, which is 0, and 5xx').toHaveLength(2)
    expect(Math.max(...byClass)).toBeGreaterThan(0)
    expect(await ask(expressionOf("Other tenants' texts"))).toEqual([0])
    expect(await ask(expressionOf('Users at once'))).toEqual([60])
  })

  it('shows each route its time to first byte, and the talk with the collector as none of them', async () => {
    const values = await ask(expressionOf('TTFB p95 by route'))
    expect(values.length).toBeGreaterThan(10)
    // The stand-in takes 3 ms for every route and none for the collector.
    expect(Math.min(...values)).toBeGreaterThan(0.002)
    const [worst = 0] = await ask(expressionOf('TTFB p95, slowest'))
    expect(worst).toBeGreaterThanOrEqual(0.003)
    expect(await ask('count(count by (name) (k6_http_reqs_total{name="collector"}))')).toEqual([1])
  })
})
