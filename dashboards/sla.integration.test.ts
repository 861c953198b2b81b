import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routes } from '@headroom/perf-budgets/slo.ts'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../harness/stack/stack.ts'
import { provide } from '../harness/toolchain/provide.ts'
import { queriesOf, withVariables } from './queries.ts'
import { slaDashboard } from './sla.ts'

const queries = queriesOf(slaDashboard())
const variables = { __range: '15m', __rate_interval: '20s', testid: '.*' }

/** Plays each route with the tags and metrics of loadtests/; one in ten is refused, limited, broken or cut off. */
const script = `
import http from 'k6/http'
import { Gauge, Trend } from 'k6/metrics'
import exec from 'k6/execution'
const active = new Gauge('users_active')
const asked = new Gauge('users_asked')
const lag = new Trend('schedule_lag', true)
export const options = { scenarios: { swarm: { executor: 'constant-vus', vus: 2, duration: '8s' } } }
const answers = [200, 200, 200, 200, 200, 200, 404, 429, 503, 0]
export default async function () {
  const vu = String(exec.vu.idInTest)
  active.add(10, { vu })
  asked.add(10, { vu })
  lag.add(Math.random() * 5)
  const routes = JSON.parse(__ENV.ROUTES)
  for (const [index, name] of routes.entries()) {
    const status = answers[(index + __ITER) % answers.length]
    const phase = __ITER === 0 ? 'warm-up' : 'steady'
    await http.asyncRequest('GET', __ENV.TARGET + '/' + status, null, { tags: { name, phase } })
  }
}
`

describe('the dashboard, over a Prometheus that holds a run', () => {
  let stack: Stack

  beforeAll(async () => {
    const { k6 } = await provide(['k6'])
    stack = await startStack({ parts: ['prometheus'] })
    const directory = await mkdtemp(join(tmpdir(), 'headroom-dashboard-'))
    const server = createServer((request, response) => {
      const status = Number(request.url?.slice(1))
      if (status === 0) return void request.socket.destroy()
      setTimeout(() => response.writeHead(status).end('x'), 3)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      await writeFile(join(directory, 'run.ts'), script)
      const output = ['--address', '', '--quiet', '--out', 'experimental-prometheus-rw']
      await execa(k6.path, ['run', ...output, join(directory, 'run.ts')], {
        env: {
          TARGET: `http://127.0.0.1:${port}`,
          ROUTES: JSON.stringify(Object.keys(routes)),
          K6_PROMETHEUS_RW_SERVER_URL: `${stack.prometheusUrl}/api/v1/write`,
          K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM: 'true',
          K6_PROMETHEUS_RW_PUSH_INTERVAL: '1s',
        },
      })
    } finally {
      server.close()
      await rm(directory, { recursive: true, force: true })
    }
  })

  afterAll(() => stack?.stop())

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
      const misspelt = expression.replaceAll(/\bk6_(\w+)/g, 'k6_no_such_$1')
      expect(misspelt).not.toBe(expression)
      expect(await ask(misspelt)).toEqual([])
    },
  )

  it('counts errors and users as they were', async () => {
    const [availability = 0] = await ask(expressionOf('Availability'))
    // Two of ten answers were a 503 or none at all.
    expect(availability).toBeGreaterThan(0.75)
    expect(availability).toBeLessThan(0.85)
    const [left = 1] = await ask(expressionOf('Error budget'))
    expect(left).toBeLessThan(-100)
    expect(await ask(expressionOf('Users at once'))).toEqual([20])
  })

  it('shows every route its time to first byte', async () => {
    const values = await ask(expressionOf('TTFB p95 by route'))
    expect(values).toHaveLength(Object.keys(routes).length)
    expect(Math.min(...values)).toBeGreaterThan(0.002)
  })
})
