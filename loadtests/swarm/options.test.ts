import { describe, expect, it } from 'vitest'
import { connectionsFor } from '../wire/connections.ts'
import { sizeOf } from './options.ts'

describe('the connections of a run', () => {
  const all = (users: number, shards = 1) => {
    return sizeOf(users, shards, connectionsFor(users)).connections
  }

  it('are one for each user while there are few, and 640 for as many as there may be behind a CDN', () => {
    expect([1, 5, 200, 640].map((users) => all(users))).toEqual([1, 5, 200, 640])
    expect([641, 2_000, 100_000].map((users) => all(users))).toEqual([640, 640, 640])
  })

  it.each([1, 2, 4, 8])('are as many in %d shards', (shards) => {
    for (const users of [8, 200, 2_000, 100_000, 1_000_000])
      expect(all(users, shards)).toBe(connectionsFor(users))
  })

  it('are never fewer for a VU than one', () => {
    expect(sizeOf(4, 4, 1)).toEqual({ vus: 4, connections: 4 })
  })

  it('stay as many for as many users, however many more there are', () => {
    expect([1_000_000, 10_000_000].map((users) => all(users, 20))).toEqual([6_400, 64_000])
  })
})
