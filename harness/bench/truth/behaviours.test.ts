import { describe, expect, it } from 'vitest'
import { type BehaviourName, behaviourOf, type Reply } from './behaviours.ts'
import { percentile } from './books.ts'

const ask = (name: BehaviourName, since = 0): Reply[] =>
  Array.from({ length: 9_000 }, (_, place) =>
    behaviourOf(name).reply({ nth: place + 1, since, shop: place % 5 }),
  )
const delays = (name: BehaviourName) => ask(name).map(({ after }) => after)
const share = (replies: Reply[], is: (reply: Reply) => boolean) => replies.filter(is).length / replies.length

describe('a target that misbehaves', () => {
  it('delays by the distribution that it is named for', () => {
    const lognormal = delays('lognormal')
    expect(percentile(lognormal, 0.5) / 80).toBeCloseTo(1, 1)
    // exp(0.7 × 1.645), of the normal distribution's 95th percentile.
    expect(percentile(lognormal, 0.95) / (80 * Math.exp(0.7 * 1.645))).toBeCloseTo(1, 1)
    expect(share(ask('two-humps'), ({ after }) => after === 400)).toBeCloseTo(0.1, 1)
    expect(percentile(delays('rare-5s'), 0.98)).toBe(20)
    expect(percentile(delays('rare-5s'), 0.99)).toBe(5_000)
  })

  it('delays the same request by the same time, whenever it is asked', () => {
    expect(delays('lognormal')).toEqual(delays('lognormal'))
  })

  it('hangs from when it should, and fails as often as it should', () => {
    expect(share(ask('hang-before-end', 4_999), ({ how }) => how === 'hung')).toBe(0)
    expect(share(ask('hang-before-end', 5_000), ({ how }) => how === 'hung')).toBe(1)
    expect(share(ask('hang-ups-get'), ({ is }) => is === 'connection')).toBe(0.05)
    expect(share(ask('some-unanswered'), ({ is }) => is === 'timeout')).toBeCloseTo(1 / 30)
  })

  it('shows another tenant’s mark where it leaks, and only there', () => {
    for (const [place, { is, text }] of ask('leak-in-error-page').entries())
      expect(text.includes(`shop-${place % 5};`)).toBe(is === 'good')
  })
})
