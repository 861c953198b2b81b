import { beforeAll, describe, expect, it } from 'vitest'
import { provide } from '../toolchain/provide.ts'
import { caseOf } from './truth/cases.ts'
import { compare, timesTold } from './truth/compare.ts'
import { playUntilQuiet, type Row } from './truth.ts'

/** A whole run against a target that keeps its own books; all of its ways to misbehave: `pnpm bench:truth`. */
describe('the figures of a run', () => {
  let row: Row
  beforeAll(async () => {
    const { k6 } = await provide(['k6'])
    row = await playUntilQuiet('two-humps', 2, k6.path, () => {})
  })

  it('are those of the target’s own books, to the last request', () => {
    expect(row.told.requests).toBe(row.truth.requests)
    expect(row.told.errors).toEqual(row.truth.errors)
    expect(row.told.requests).toBeGreaterThan(500)
  })

  it('are those of the books within 1% or 2 ms, unless other processes kept the machine busy', () => {
    expect(row.outcome === 'wrong' ? row.wrong : []).toEqual([])
  })

  it.each(timesTold)('would be called wrong, were %s told 5% too low', (time) => {
    const lie = { ...row.told, [time]: row.truth[time] * 0.95 - 2 }
    expect(compare(lie, row.truth, caseOf('two-humps'), 0).wrong.join()).toContain(`${time}: `)
  })
})
