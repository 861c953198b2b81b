import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { loadtest } from '../test/smoke.ts'

const few = ['--organisations', '50', '--population', '2000']
/** Long enough for a month's end; times are judged where storm.nightly.e2e.test.ts plays alone. */
const short = [...few, '--users', '40', '--think', '2s', '--ramp', '3s', '--duration', '15s']

const broken = ({ evidence }: Result) => evidence.filter(({ passed }) => !passed).map(({ limit }) => limit)

describe('a month’s end that is taken in wrongly', () => {
  it('fails, and names what was booked twice, when each delivery counts', async () => {
    const { exitCode, result } = await loadtest('billing-storm', ...short, '--fault', 'webhook-twice')
    expect([exitCode, result.verdict], result.reasons.join('\n')).toEqual([1, 'fail'])
    expect(result.reasons.join('\n')).toMatch(/webhooks applied twice [1-9]\d* of \d+ events, such as /)
    expect(result.reasons.join('\n')).toMatch(/ledger entries doubled [1-9]\d* of \d+ entries/)
    expect(broken(result)).toContain('organisations whose invoices are not their ledger')
    expect(broken(result)).not.toContain('webhooks acknowledged and lost')
  })

  it('fails, and names what was lost, when one in ten is acknowledged and dropped', async () => {
    const { exitCode, result } = await loadtest('billing-storm', ...short, '--fault', 'webhook-lost')
    expect([exitCode, result.verdict], result.reasons.join('\n')).toEqual([1, 'fail'])
    expect(result.reasons.join('\n')).toMatch(
      /webhooks acknowledged and lost [1-9]\d* of \d+ events, such as /,
    )
    expect(broken(result)).not.toContain('webhooks applied twice')
  })
})
