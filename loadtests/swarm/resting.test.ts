import { describe, expect, it } from 'vitest'
import { worklane } from '../journeys/worklane.ts'
import { workloads } from '../wire/workloads.ts'
import type { Run } from './options.ts'
import { Resting } from './resting.ts'

const run = {
  ...workloads.load,
  ...{ target: 'http://127.0.0.1:1', seed: 1, streams: 0.5, users: 100 },
  population: { seed: 1, organisations: 5, users: 100 },
} as Run
const userAt = (place: number) => worklane.userAt(run, place, (subject) => `token of ${subject}`)
const places = Array.from({ length: 100 }, (_, place) => place)

describe('users who rest', () => {
  it('are the same afterwards, each of them', () => {
    const resting = new Resting(worklane.columns, 100)
    for (const place of places) {
      const user = userAt(place)
      user.step = worklane.next(user)
      if (place % 3 === 0) Object.assign(user, { seen: `/${place}`, seenTag: `"${place}"` })
      resting.put(place, user)
    }
    for (const place of places) {
      const expected = userAt(place)
      expected.step = worklane.next(expected)
      if (place % 3 === 0) Object.assign(expected, { seen: `/${place}`, seenTag: `"${place}"` })
      expect(resting.take(place)).toEqual(expected)
    }
  })

  it('lose what no column is there for', () => {
    const resting = new Resting(['board', 'task'], 1)
    const user = places.map(userAt).find(({ listens }) => listens === 'never')
    if (!user) throw new Error('all of them listen')
    resting.put(0, user)
    expect(resting.take(0)).not.toEqual(user)
  })

  it('stay who they are while somebody else may hold on to them', () => {
    const resting = new Resting(worklane.columns, 1)
    const user = places.map(userAt).find(({ listens }) => listens !== 'never')
    if (!user) throw new Error('nobody listens')
    resting.put(0, user)
    expect(resting.take(0)).toBe(user)
  })

  it('stay objects where the app names no columns', () => {
    const resting = new Resting<ReturnType<typeof userAt>>(undefined, 1)
    const user = userAt(0)
    resting.put(0, user)
    expect(resting.take(0)).toBe(user)
  })
})
