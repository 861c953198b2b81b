import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { loadtest } from '../test/smoke.ts'
import { steady } from '../test/steady.ts'

/** What must be so however fast the machine is. */
const books = [
  'webhooks never acknowledged',
  'webhooks acknowledged and lost',
  'webhooks applied twice',
  'customers that are not held to be whose Stripe says',
  'customers of whom Worklane says something else than Stripe',
  'ledger entries lost',
  'ledger entries doubled',
  'causes in the ledger that do not balance',
  'organisations whose invoices are not their ledger',
  'organisations whose payments are not their ledger',
]

function agree({ evidence }: Result): void {
  for (const limit of books) {
    const found = evidence.find((each) => each.limit === limit)
    expect([found?.passed, (found?.samples ?? 0) > 20], limit).toEqual([true, true])
  }
}

describe('a month’s end while people work', () => {
  it('passes: every webhook has its effect in time, nothing is lost or doubled, and nobody waits longer', async () => {
    await steady({
      measure: () =>
        loadtest(
          'billing-storm',
          ...['--organisations', '50', '--population', '2000'],
          ...['--users', '200', '--think', '5s', '--ramp', '10s', '--duration', '120s'],
        ),
      expectations: ({ exitCode, result }) => {
        expect(result.reasons).toEqual([])
        expect([exitCode, result.verdict]).toEqual([0, 'pass'])
        agree(result)
        expect(result.observed.webhooks.count).toBeGreaterThan(100)
        const limits = result.evidence.map(({ limit }) => limit)
        expect(limits).toContain('from a webhook to its effect, p95')
        expect(limits).toContain('oldest webhook that waited for its effect')
        expect(limits).toContain('p95 of tier team while webhooks come in a burst')
      },
      honest: ({ result }) => {
        expect(result.verdict).not.toBe('pass')
        agree(result)
      },
    })
  })
})
