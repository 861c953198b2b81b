import { describe, expect, it } from 'vitest'
import { worklane } from '../journeys/worklane.ts'
import { workloads } from '../wire/workloads.ts'
import type { Run } from './options.ts'
import { ThinkingUsers } from './thinking-users.ts'

const run = {
  ...workloads.load,
  target: 'http://127.0.0.1:1',
  seed: 1,
  streams: 0.5,
  users: 100,
  population: { seed: 1, organisations: 5, users: 100 },
} as Run
const userAt = (place: number) => worklane.userAt(run, place, (subject) => `token of ${subject}`)
const places = Array.from({ length: 100 }, (_, place) => place)

describe('users who rest', () => {
  it('are the same afterwards, each of them', () => {
    const thinkingUsers = new ThinkingUsers(worklane.columns, 100)
    for (const place of places) {
      const user = userAt(place)
      user.step = worklane.next(user)
      if (place % 3 === 0) Object.assign(user, { seen: `/${place}`, seenTag: `"${place}"` })
      thinkingUsers.put(place, user)
    }
    for (const place of places) {
      const expected = userAt(place)
      expected.step = worklane.next(expected)
      if (place % 3 === 0) Object.assign(expected, { seen: `/${place}`, seenTag: `"${place}"` })
      expect(thinkingUsers.take(place)).toEqual(expected)
    }
  })

  it('lose what no column is there for', () => {
    const thinkingUsers = new ThinkingUsers(['board', 'task'], 1)
    const user = places.map(userAt).find(({ listens }) => listens === 'never')
    if (!user) throw new Error('all of them listen')
    thinkingUsers.put(0, user)
    expect(thinkingUsers.take(0)).not.toEqual(user)
  })

  it('stay who they are while somebody else may hold on to them', () => {
    const thinkingUsers = new ThinkingUsers(worklane.columns, 1)
    const user = places.map(userAt).find(({ listens }) => listens !== 'never')
    if (!user) throw new Error('nobody listens')
    thinkingUsers.put(0, user)
    expect(thinkingUsers.take(0)).toBe(user)
  })

  it('stay objects where the app names no columns', () => {
    const thinkingUsers = new ThinkingUsers<ReturnType<typeof userAt>>(undefined, 1)
    const user = userAt(0)
    thinkingUsers.put(0, user)
    expect(thinkingUsers.take(0)).toBe(user)
  })
})
