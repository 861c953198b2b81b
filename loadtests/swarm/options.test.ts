import { describe, expect, it } from 'vitest'
import { vusFor } from '../wire/workloads.ts'
import { connectionsOf } from './options.ts'

describe('the connections of a VU', () => {
  const all = (users: number, shards = 1) => {
    const vus = vusFor(users, shards)
    return [connectionsOf({ vus, users }), vus * connectionsOf({ vus, users })]
  }

  it('are 640 for all together, and 64 for one alone', () => {
    expect(all(2_000)).toEqual([64, 64])
    expect(all(100_000)).toEqual([160, 640])
    expect(all(100_000, 2)).toEqual([160, 640])
    expect(all(2_000, 4)).toEqual([160, 640])
  })

  it('stay as many for as many users, however many more there are', () => {
    expect(all(1_000_000, 2)).toEqual([160, 6_400])
    expect(all(10_000_000, 20)).toEqual([160, 64_000])
  })
})
