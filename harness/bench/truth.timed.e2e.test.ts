import { describe, expect, it } from 'vitest'
import { steady } from '../test/steady.ts'
import { provide } from '../toolchain/provide.ts'
import { caseOf } from './truth/cases.ts'
import { compare, timesTold } from './truth/compare.ts'
import { type Played, playCase } from './truth/play.ts'

/** A whole run against a target that keeps its own books; all of its ways to misbehave: `pnpm bench:truth`. */
describe('the figures of a run', () => {
  it('are those of the target’s own books, and a lie about one of them is seen', async () => {
    const { k6 } = await provide(['k6'])
    const countsAreRight = ({ told, truth }: Played) => {
      expect([told.requests, told.errors]).toEqual([truth.requests, truth.errors])
      expect(told.requests).toBeGreaterThan(500)
    }
    await steady({
      measure: () => playCase('two-humps', 2, k6.path),
      expectations: (played) => {
        const { told, truth, miscounted, mistimed } = played
        expect([miscounted, mistimed]).toEqual([[], []])
        countsAreRight(played)
        for (const time of timesTold) {
          const lie = { ...told, [time]: truth[time] * 0.95 - 2 }
          expect(compare(lie, truth, caseOf('two-humps'), 0).mistimed.join()).toContain(`${time}: `)
        }
      },
      // However late everything was: nothing was lost, and nothing failed.
      honest: countsAreRight,
    })
  })
})
