import { expect, it } from 'vitest'
import { peakRss, type Shard } from './generator.ts'

it('the most memory is found in the samples of days', () => {
  const shard = (megabytes: number): Shard => ({
    pid: 1,
    samples: Array.from({ length: 400_000 }, (_, place) => ({
      at: place * 500,
      cpuSeconds: 0,
      rssBytes: (place === 200_000 ? megabytes : 1) * 1_000_000,
    })),
    exited: Promise.resolve({ code: 0, lastLines: '', errors: [] }),
    signal() {},
  })
  const shards = [shard(40), shard(2)]
  expect(
    peakRss({ shards, exited: Promise.resolve({ code: 0, lastLines: '', errors: [] }), signal() {} }),
  ).toBe(42_000_000)
})
