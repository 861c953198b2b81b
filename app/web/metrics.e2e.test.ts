import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../../harness/stack/stack.ts'

describe('the figures of each process', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack({ population: null })
  })
  afterAll(() => stack?.stop())

  it('are scraped from API, web and worker', async () => {
    const up = async () => {
      const query = encodeURIComponent('up == 1')
      const response = await fetch(`${stack.prometheusUrl}/api/v1/query?query=${query}`)
      const { data } = (await response.json()) as { data: { result: { metric: { job: string } }[] } }
      return data.result.map(({ metric }) => metric.job).sort()
    }
    await expect.poll(up, { timeout: 20_000 }).toEqual(['api', 'web', 'worker'])
  })

  it('hold event-loop lag, the pools and the cache, in the web as well', async () => {
    const query = encodeURIComponent(
      '{__name__=~"nodejs_eventloop_lag_p99_seconds|database_pool|cache_lookups_total",job="web"}',
    )
    const response = await fetch(`${stack.prometheusUrl}/api/v1/query?query=${query}`)
    const { data } = (await response.json()) as { data: { result: { metric: { __name__: string } }[] } }
    const names = new Set(data.result.map(({ metric }) => metric.__name__))
    expect([...names].sort()).toEqual([
      'cache_lookups_total',
      'database_pool',
      'nodejs_eventloop_lag_p99_seconds',
    ])
  })

  it('are not for the public', async () => {
    expect((await fetch(`${stack.origin}/metrics`)).status).toBe(404)
  })
})
