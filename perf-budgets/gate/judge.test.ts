import { describe, expect, it } from 'vitest'
import { judgePairs, type Metric, type Rules } from './judge.ts'

const rules: Rules = { alpha: 0.01, leastRatio: 1.02, interimAnalyses: [20, 30] }

/** The same for the same seed: Mulberry32 and the sum of twelve for something like a normal distribution. */
function noise(seed: number): () => number {
  let state = seed >>> 0
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return () => Array.from({ length: 12 }, unit).reduce((a, b) => a + b, 0) - 6
}

/** p95s of 50 ms whose slices scatter by 3%, on a machine that slows down and recovers. */
function metric(seed: number, slower: number, pairs = 20): Metric {
  const draw = noise(seed)
  return {
    name: 'p95',
    unit: 'ms',
    floor: 1,
    tolerated: 1.05,
    pairs: Array.from({ length: pairs }, (_, place) => {
      const machine = 50 * (1 + 0.3 * Math.sin(place / 3))
      return { base: machine * Math.exp(0.03 * draw()), head: slower * machine * Math.exp(0.03 * draw()) }
    }),
  }
}

const share = (of: number, slower: number, call: string, pairs?: number) =>
  Array.from({ length: of }, (_, seed) => judgePairs([metric(seed * 7 + 1, slower, pairs)], rules)).filter(
    ({ findings }) => findings[0]?.call === call,
  ).length / of

describe('the judgement of pairs', () => {
  it('reports a false positive in at most 1 of 100 changes that do nothing', () => {
    expect(share(300, 1, 'worse')).toBeLessThanOrEqual(0.01)
  })

  it('catches a tenth more, and half as much with more pairs', () => {
    expect(share(200, 1.1, 'worse')).toBeGreaterThanOrEqual(0.99)
    expect(share(200, 1.05, 'worse', 30)).toBeGreaterThanOrEqual(0.8)
  })

  it('never calls fine what is a tenth slower', () => {
    expect(share(200, 1.1, 'fine')).toBe(0)
  })

  it('sees what became faster', () => {
    const { verdict, findings } = judgePairs([metric(3, 0.9)], rules)
    expect(verdict).toBe('pass')
    expect(findings[0]).toMatchObject({ call: 'better' })
    expect(findings[0]?.ratio).toBeCloseTo(0.9, 1)
  })

  it('does not mind a certain difference that is too small to matter', () => {
    const tiny = { ...metric(3, 1.1), floor: 20 }
    expect(judgePairs([tiny], rules)).toMatchObject({ verdict: 'pass', findings: [{ call: 'fine' }] })
  })

  it('is undecided where the noise is wider than what matters', () => {
    const wild = metric(5, 1.03)
    const pairs = wild.pairs.map(({ base, head }, place) => ({
      base,
      head: head * (place % 2 ? 1.3 : 0.8),
    }))
    expect(judgePairs([{ ...wild, pairs }], rules).verdict).toBe('undecided')
  })

  it('fails for one bad metric among good ones, and names it', () => {
    const { verdict, findings } = judgePairs(
      [metric(1, 1), { ...metric(2, 1.1), name: 'p50' }, metric(8, 1)],
      rules,
    )
    expect(verdict).toBe('fail')
    expect(findings.filter(({ call }) => call === 'worse').map(({ name }) => name)).toEqual(['p50'])
  })

  it('says nothing of too few pairs, or of no metric', () => {
    expect(judgePairs([metric(1, 1.5, 5)], rules)).toMatchObject({
      verdict: 'invalid',
      reasons: [expect.stringMatching(/^p95: 5 pairs are left, and below 8 nothing can be told/)],
    })
    expect(judgePairs([], rules)).toMatchObject({ verdict: 'invalid' })
  })
})
