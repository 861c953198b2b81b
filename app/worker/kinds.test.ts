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

  it('show operators what nobody knows, among the notifications', () => {
    expect(kindOf('unheard.of')).toBe('notifications')
  })
})
