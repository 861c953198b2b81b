import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { lacking, startCollector } from '../../harness/collect/collector.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { count, percentile } from '../wire/histogram.ts'

const values = 20_000
/** The same text runs in k6 and here: what is wanted is computed from the very values. */
const distributions = {
  uniform: 'u => 1 + 999 * u',
  exponential: 'u => -200 * Math.log(1 - u)',
  'long-tailed': 'u => 5 * (1 - u) ** -1.2',
}
const uniformAt = 'i => ((i * 0.6180339887498949) % 1) * 0.9999 + 0.00005'

/** What a shard does: its VUs tell their share of the values, as the swarm does. */
const script = `
import exec from 'k6/execution'
import { Increments } from '${join(import.meta.dirname, 'increments.ts')}'
export const options = { scenarios: { all: { executor: 'per-vu-iterations', vus: 10, iterations: 1 } } }
const distributions = { ${Object.entries(distributions)
  .map(([name, of]) => `'${name}': ${of}`)
  .join(', ')} }
const uniformAt = ${uniformAt}
export default async function () {
  const increments = new Increments()
  const vu = exec.vu.idInTest
  const told = { vu, startedAt: 0, activeUsers: 1, inFlight: 0, queued: 0, streams: 0, lostUsers: 0 }
  for (let i = vu - 1; i < ${values}; i += 10) {
    for (const name in distributions) {
      const value = distributions[name](uniformAt(i))
      increments.answer('steady', 0, name, [], { latency: value, ttfb: value / 2, error: null, waited: 0 }, undefined)
    }
    if (i % 5000 === vu - 1) await increments.post({ collector: __ENV.COLLECTOR, collectorToken: '' }, { ...told, final: false })
  }
  await increments.post({ collector: __ENV.COLLECTOR, collectorToken: '' }, { ...told, final: true })
}
`

const compiled = (text: string) => new Function(`return ${text}`)() as (value: number) => number

describe('percentiles of what VUs in k6 saw', () => {
  it.each([1, 2, 5])('are right to one percent, told by %d shards to one collector', async (shards) => {
    const { k6 } = await provide(['k6'])
    const directory = await mkdtemp(join(tmpdir(), 'headroom-percentiles-'))
    const collector = await startCollector(undefined, { answer: lacking('files') })
    try {
      const file = join(directory, 'tell.ts')
      await writeFile(file, script)
      const edges = Array.from({ length: shards + 1 }, (_, n) =>
        n === 0 ? '0' : n === shards ? '1' : `${n}/${shards}`,
      )
      const sequence = ['--execution-segment-sequence', edges.join(',')]
      await Promise.all(
        edges
          .slice(1)
          .map((to, n) =>
            execa(
              k6.path,
              [
                ...['run', '--quiet', '--summary-mode=disabled', '--address', ''],
                ...(shards > 1 ? ['--execution-segment', `${edges[n]}:${to}`, ...sequence] : []),
                file,
              ],
              { env: { COLLECTOR: collector.url } },
            ),
          ),
      )
    } finally {
      await collector.close()
      await rm(directory, { recursive: true, force: true })
    }
    const told = collector.collected.routes.get('steady')
    const all = Array.from({ length: values }, (_, i) => compiled(uniformAt)(i))
    for (const [name, of] of Object.entries(distributions)) {
      const { latency, ttfb } = told?.get(name) ?? { latency: new Map(), ttfb: new Map() }
      expect(count(latency)).toBe(values)
      const exact = all.map(compiled(of)).sort((a, b) => a - b)
      for (const share of [0.5, 0.9, 0.95, 0.99, 0.999]) {
        const wanted = exact[Math.ceil(values * share) - 1] as number
        expect(Math.abs(percentile(latency, share) / wanted - 1)).toBeLessThan(0.0051)
        expect(Math.abs(percentile(ttfb, share) / (wanted / 2) - 1)).toBeLessThan(0.0051)
      }
    }
  })
})
