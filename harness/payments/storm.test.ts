import { describe, expect, it, vi } from 'vitest'
import { trusted } from '../judge/machine.ts'
import type { SidecarContext } from '../run/sidecar.ts'
import { acknowledgedAndLost, type Comparison } from './check-ledger.ts'
import { exact } from './exact.ts'
import { billingStorm, booksInVerdict } from './storm.ts'

const of = (limit: string, ...wrong: string[]) => exact(limit, wrong, 500, 'events')
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

describe('a month’s end beside a swarm', () => {
  const stages = [
    { phase: 'before', duration: 20, judged: 'all' },
    { phase: 'storm', duration: 20, judged: 'all' },
  ]
  const nowhere = { origin: 'http://127.0.0.1:1', secretKey: 'sk_test_1', controlToken: 'x' }
  const play = (began: number, ended: Promise<void>) =>
    billingStorm({ payments: nowhere, adminUrl: 'postgres://127.0.0.1:1/none', say: () => {} } as never)({
      stages,
      began: Promise.resolve(began),
      ended,
    } as unknown as SidecarContext)

  it('comes, although a timer fires a moment before the clock says so', async () => {
    const began = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(began)
    const { invalidReasons } = await play(began, new Promise(() => {}))
    vi.restoreAllMocks()
    expect(invalidReasons).toEqual([expect.stringContaining("the month's end did not come to its own end")])
  })

  it('says of a run that was over before it that nothing is known', async () => {
    expect((await play(Date.now() + 60_000, Promise.resolve())).invalidReasons).toEqual([
      'the run was over before the month ended: nothing is known of its webhooks',
    ])
  })
})
