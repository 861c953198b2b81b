import { evidenceOf } from '@headroom/loadtests/wire/evidence.ts'
import { describe, expect, it } from 'vitest'
import { nothingObserved } from '../result/result.ts'
import { missingEvidence, notWatched, type Watched } from './required.ts'

const slope = (process: string, samples: number) =>
  ({ process, what: 'resident', bytesPerMinute: 0, lastBytes: 1e8, samples }) as const
const complete: Watched = {
  missing: [],
  observed: {
    ...nothingObserved,
    effects: { count: 200, delayP95Ms: 90, oldestWaitingMs: 10 },
    webhooks: { count: 200, effectP95Ms: 900, oldestWaitingMs: 10 },
  },
  memory: [slope('web', 600), slope('generator', 1_200)],
}
const silent = 'Prometheus did not answer (connect ECONNREFUSED 127.0.0.1:9090)'

describe('evidence that a scenario stands on', () => {
  it('is not missing where all of it was seen', () => {
    for (const scenario of Object.keys(evidenceOf) as (keyof typeof evidenceOf)[])
      expect(missingEvidence(scenario, complete)).toEqual([])
  })

  it('is missing where Prometheus did not answer, and says so', () => {
    const watched: Watched = { ...complete, missing: [{ what: 'failed pages', why: silent }] }
    expect(missingEvidence('smoke', watched)).toEqual([
      `failed pages, which smoke stands on, is missing: ${silent}`,
    ])
    expect(notWatched('smoke', watched)).toEqual([])
  })

  it('is told and not required where the scenario does not stand on it', () => {
    const watched: Watched = { ...complete, missing: [{ what: 'memory slopes', why: silent }] }
    expect(missingEvidence('smoke', watched)).toEqual([])
    expect(notWatched('smoke', watched)).toEqual([`memory slopes: ${silent}`])
    expect(missingEvidence('soak', watched)).toHaveLength(1)
  })

  it('is missing where there were too few samples, of a slope or of effects', () => {
    const short = { ...complete, memory: [slope('web', 600), slope('generator', 7)] }
    expect(missingEvidence('soak', short)).toEqual([
      expect.stringMatching(/memory slopes.* only 7 samples of generator's memory/),
    ])
    const quiet = { ...complete, observed: nothingObserved }
    expect(missingEvidence('load', quiet)).toEqual([
      expect.stringMatching(/delay of effects.* only 0 effects/),
    ])
  })

  it('is missing where no webhook came to its effect, of the scenario that is about them alone', () => {
    const observed = { ...complete.observed, webhooks: nothingObserved.webhooks }
    expect(missingEvidence('billing-storm', { ...complete, observed })).toEqual([
      expect.stringMatching(/webhook effects, which billing-storm stands on, is missing: only 0 webhooks/),
    ])
    expect(missingEvidence('load', { ...complete, observed })).toEqual([])
  })

  it('is not required of a target that is not ours, of which the result says that nobody watched', () => {
    expect(missingEvidence('load', null)).toEqual([])
    expect(missingEvidence('journey', null)).toEqual([])
    expect(notWatched('journey', null)).toEqual([expect.stringMatching(/memory slopes.*not started here/)])
  })
})
