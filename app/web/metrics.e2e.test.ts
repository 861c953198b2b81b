import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prometheusRules } from '../../dashboards/rules.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { routes } from '../../perf-budgets/slo.ts'

describe('the figures of each process', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack({ population: null, processes: { web: 2 } })
  })
  afterAll(() => stack?.stop())

  /** The labels and values of what Prometheus has for a query, of this moment. */
  async function query(promql: string) {
    const response = await fetch(`${stack.prometheusUrl}/api/v1/query?query=${encodeURIComponent(promql)}`)
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  it('are scraped from API, web and worker', async () => {
    const up = async () => (await query('up == 1')).map(({ metric }) => metric.job).sort()
    await expect.poll(up, { timeout: 20_000 }).toEqual(['api', 'web', 'web', 'worker'])
  })

  it('hold event-loop lag, the pools and the cache, in the web as well', async () => {
    const found = await query(
      '{__name__=~"nodejs_eventloop_lag_p99_seconds|database_pool|cache_lookups_total",job="web"}',
    )
    const names = new Set(found.map(({ metric }) => metric.__name__))
    expect([...names].sort()).toEqual([
      'cache_lookups_total',
      'database_pool',
      'nodejs_eventloop_lag_p99_seconds',
    ])
  })

  it('count each page by its route, and what all web processes keep together', async () => {
    const visits = 20
    for (let visit = 0; visit < visits; visit++) {
      const page = await fetch(`${stack.origin}/status`)
      expect(await page.text()).toContain('All systems operational.')
    }
    const visited = 'sum(http_request_duration_seconds_count{job="web",route="page /status",status="200"})'
    await expect
      .poll(async () => (await query(visited))[0]?.value, { timeout: 20_000, interval: 500 })
      .toBe(visits)
    // What the first one found out serves the other process as well: both have it from Redis.
    const hits = await query('next_cache_lookups_total{outcome="hit"} > 0')
    expect(hits).toHaveLength(2)
    const [misses] = await query('sum(next_cache_lookups_total{outcome="miss"})')
    expect(misses?.value).toBeLessThan(visits / 4)
  })

  it('have a bounded number of series, and no label that a stranger chose', async () => {
    const doors = ['web-1', 'web-2', 'api']
      .map((name) => stack.addresses[name])
      .filter((door) => door !== undefined)
    expect(doors).toHaveLength(3)
    /** All there is to choose in a request, to each process and through the edge. */
    const askStrangely = async (word: string) => {
      const paths = [
        ...[
          `/${word}`,
          `/v1/${word}`,
          `/v1/projects/${word}/tasks`,
          `/trpc/${word}`,
          `/trpc/task.get,${word}.${word}`,
        ],
        ...[
          `/projects/${word}`,
          `/tasks/${word}`,
          `/invitations/${word}`,
          `/sign-in?next=${word}`,
          `/docs?${word}`,
        ],
        ...[
          `/api/auth/${word}`,
          `/api/auth/callback/${word}`,
          `/_next/static/${word}.js`,
          `/%zz${word}`,
          `/dev/${word}`,
        ],
      ]
      const headers = {
        'x-request-id': word,
        'user-agent': word,
        'accept-language': word,
        cookie: `${word}=${word}`,
      }
      const asked = [stack.origin, ...doors].flatMap((door) =>
        paths.flatMap((path) => [
          fetch(door + path, { headers, redirect: 'manual' }),
          fetch(door + path, {
            headers: { ...headers, rsc: '1', 'next-router-prefetch': '1' },
            redirect: 'manual',
          }),
          fetch(door + path, { method: 'POST', body: word, headers: { ...headers, 'next-action': word } }),
          fetch(door + path, { method: word.toUpperCase(), headers, redirect: 'manual' }),
        ]),
      )
      for (const answer of await Promise.allSettled(asked)) {
        if (answer.status === 'fulfilled') await answer.value.arrayBuffer().catch(() => null)
      }
    }
    const series = async (): Promise<string[]> => {
      const pages = [...doors, stack.addresses.worker].map(async (door) =>
        (await fetch(`${door}/metrics`)).text(),
      )
      const lines = (await Promise.all(pages)).join('\n').split('\n')
      return [...new Set(lines.flatMap((line) => /^([a-z_]+\{.*\}|[a-z_]+) /.exec(line)?.[1] ?? []))].sort()
    }
    for (const word of ['abracadabra', 'simsalabim']) await askStrangely(word)
    const before = await series()
    expect(before.length).toBeGreaterThan(100)
    for (const word of ['hocuspocus', 'alakazam', 'presto']) await askStrangely(word)
    const after = await series()
    expect(after.filter((each) => !before.includes(each))).toEqual([])
    expect(after.filter((each) => /abracadabra|simsalabim|hocuspocus|alakazam|presto/i.test(each))).toEqual(
      [],
    )
  })

  it.each(['availability', 'latency'])('answer what the rules ask for %s', async (slo) => {
    const rule = prometheusRules()
      .groups.flatMap(({ rules }) => rules)
      .find(({ record, labels }) => record?.endsWith('rate5m') && labels?.slo === slo)
    // A limit that is no bucket would make every request a late one, a misspelt name none at all.
    const broken = async () => {
      await fetch(`${stack.origin}/status`)
      return (await query(rule?.expr ?? ''))[0]?.value
    }
    await expect.poll(broken, { timeout: 20_000, interval: 500 }).toBeLessThan(0.5)
    const buckets = await query('count by (le) (http_request_duration_seconds_bucket)')
    const limits = Object.values(routes).filter(({ kind }) => kind !== 'static' && kind !== 'file')
    expect(buckets.map(({ metric }) => Number(metric.le))).toEqual(
      expect.arrayContaining(limits.map(({ ttfbP95 }) => ttfbP95 / 1000)),
    )
  })

  it('tell of a part that does not work', async () => {
    await stack.parts.find(({ name }) => name === 'worker')?.stop()
    await expect
      .poll(async () => (await fetch(`${stack.origin}/status`)).text(), { timeout: 60_000, interval: 1_000 })
      .toContain('One system is down')
  })

  it('are not for the public', async () => {
    expect((await fetch(`${stack.origin}/metrics`)).status).toBe(404)
  })
})
