import { queueNames } from '@worklane/data/queues.ts'
import { describe, expect, it } from 'vitest'
import { kindNames, kindOf, kinds } from './kinds.ts'

describe('the kinds of work', () => {
  it('have all queues but that of the schedules', () => {
    expect([...kindNames, 'schedules'].sort()).toEqual([...queueNames].sort())
  })

  it('have each topic once', () => {
    const topics = kindNames.flatMap((name) => kinds[name].topics)
    expect(new Set(topics).size).toBe(topics.length)
    for (const topic of topics) expect(kinds[kindOf(topic)].topics).toContain(topic)
  })

  it('leave room for others wherever a job may take longer than half a minute and more than one runs', () => {
    for (const name of kindNames) {
      const { concurrency, perOrganisation = concurrency, timeoutMs } = kinds[name]
      // Readings of one customer come one after another by themselves.
      if (name !== 'billing' && concurrency > 1 && timeoutMs > 30_000)
        expect(perOrganisation, name).toBeLessThan(concurrency)
    }
  })

  it('bear a job that ends its worker each time for minutes, and longer where they run beside it', () => {
    const outsiders = ['files', 'exports', 'webhooks']
    for (const name of kindNames) {
      const { stalledAtMost } = kinds[name]
      if (outsiders.includes(name)) expect(stalledAtMost, name).toBeLessThanOrEqual(10)
      else if (name !== 'mail') expect(stalledAtMost, name).toBeGreaterThan(10)
      expect(stalledAtMost, name).toBeLessThanOrEqual(30)
    }
  })

  it('show operators what nobody knows, among the notifications', () => {
    expect(kindOf('unheard.of')).toBe('notifications')
  })
})
