import { describe, expect, it } from 'vitest'
import { trusted } from '../judge/machine.ts'
import { acknowledgedAndLost, type Comparison } from './check-ledger.ts'
import { exact } from './exact.ts'
import { booksInVerdict } from './storm.ts'

const of = (limit: string, ...wrong: string[]) => exact(limit, wrong, 500, ['of them', 'events'])
const right: Comparison = {
  events: 500,
  unacknowledged: of('webhooks never acknowledged'),
  evidence: [of(acknowledgedAndLost), of('ledger entries doubled')],
}
const doubled: Comparison = { ...right, evidence: [of('ledger entries doubled', 'invoice in_1 finalized')] }
const refused: Comparison = {
  ...right,
  unacknowledged: of('webhooks never acknowledged', 'invoice.paid evt_1'),
}
const lost: Comparison = { ...right, evidence: [of(acknowledgedAndLost, 'invoice.paid evt_1')] }

/** On a machine that others used all the while. */
function disturbed(comparison: Comparison, left: number): string {
  const { evidence, facts } = booksInVerdict(comparison, left)
  const { verdict } = trusted(
    { verdict: 'fail', reasons: [], evidence, routes: [] },
    { facts: facts.length > 0, missing: [], disturbances: ['other processes used 1.9 of 2 cores'] },
  )
  return verdict
}

describe('books that were compared', () => {
  it('are right where nothing is wrong', () => {
    expect(booksInVerdict(right, 0)).toMatchObject({ invalidReasons: [], facts: [] })
    expect(booksInVerdict(right, 0).evidence.every(({ passed }) => passed)).toBe(true)
  })

  it('fail a run for a webhook that was refused for good, or booked twice, however busy the machine is', () => {
    expect(booksInVerdict(refused, 0).facts).toEqual([expect.stringContaining('webhooks never acknowledged')])
    expect(booksInVerdict(refused, 0).evidence.map(({ passed }) => passed)).toEqual([false, true, true])
    expect([refused, doubled, lost].map((each) => disturbed(each, 0))).toEqual(['fail', 'fail', 'fail'])
  })

  it('are told, and fail no disturbed run, while something is under way', () => {
    expect(booksInVerdict(doubled, 3)).toMatchObject({ facts: [] })
    expect(booksInVerdict(doubled, 3).evidence.map(({ passed }) => passed)).toEqual([true, false])
    expect([refused, doubled].map((each) => disturbed(each, 3))).toEqual(['invalid', 'invalid'])
  })

  it('fail a run for what was acknowledged and lost even then', () => {
    expect(booksInVerdict(lost, 3).facts).toEqual([expect.stringContaining(acknowledgedAndLost)])
    expect(disturbed(lost, 3)).toBe('fail')
  })

  it('say nothing where Stripe lists no event', () => {
    expect(booksInVerdict({ ...right, events: 0 }, 0).invalidReasons).toEqual([
      'Stripe lists no event of the month that ended',
    ])
  })
})
