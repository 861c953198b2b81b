import { describe, expect, it } from 'vitest'
import { compare, judgeSlices, withCounters } from './gate.ts'
import { interimLines, markdown, terminalTable } from './present.ts'
import { metricsOf, ordersOf, type Slice, soundPairs } from './slices.ts'

type Of = Pick<Slice, 'pair' | 'side' | 'turn' | 'seed'>

/** Always the same scatter of up to 3% either way. */
const scatter = (n: number) => 1 + 0.06 * (((Math.imul(n + 1, 2_654_435_761) >>> 0) % 1_000) / 1_000 - 0.5)

/** What a slice would be: 40 ms for a page and 10 ms for the API, head so many times slower. */
const slice = (of: Of, slower = 1, change: Partial<Slice> = {}): Slice => {
  const factor = (of.side === 'head' ? slower : 1) * scatter(of.pair * 2 + of.turn)
  const route = (route: string, count: number, ms: number) => ({
    route,
    count,
    p50: ms * factor,
    p95: 3 * ms * factor,
  })
  return {
    ...of,
    requests: 500,
    errors: 0,
    leaks: 0,
    invalidReasons: [],
    cpu: { 'the rest': factor, web: 6 * factor, api: factor },
    routes: [route('page /dashboard', 100, 40), route('GET /v1/me', 400, 10)],
    ...change,
  }
}

const comparison = (play: (of: Of) => Slice, interimAnalyses = [20, 30]) => {
  let draws = 0
  return compare({
    play: async (of) => play(of),
    interimAnalyses,
    seed: 5,
    random: () => (draws++ * 0.618) % 1,
  })
}

describe('a gate', () => {
  it('passes a change that does nothing, after the first look', async () => {
    const { verdict, findings, slices } = await comparison((of) => slice(of))
    expect(verdict).toBe('pass')
    expect(findings.map(({ name }) => name)).toEqual([
      'p50 of pages',
      'p95 of pages',
      'p50 of API',
      'p95 of API',
      'CPU of web, a request',
      'CPU of api, a request',
      'CPU of the rest, a request',
    ])
    expect(slices).toHaveLength(40)
  })

  it('fails one that is a tenth slower, and says by how much', async () => {
    const judged = await comparison((of) => slice(of, 1.1))
    expect(judged.verdict).toBe('fail')
    const text = markdown(judged, 'aaa', 'bbb')
    expect(text).toContain('### ✗ Performance: fail')
    expect(text).toMatch(/p50 of pages went up by (9|10|11)\.\d%/)
  })

  it('praises what became faster', async () => {
    const judged = await comparison((of) => slice(of, 0.8))
    expect(judged.verdict).toBe('pass')
    expect(markdown(judged, 'a', 'b')).toContain('its budget can be tightened')
  })

  it('plays both sides of a pair at the same time, and nothing else before both have ended', async () => {
    let now = 0
    const playing: number[] = []
    let draws = 0
    const judged = compare({
      play: async (of) => {
        playing.push(++now)
        await new Promise((resolve) => setTimeout(resolve, of.side === 'head' ? 2 : 0))
        now--
        if (of.pair === 12 && of.side === 'base') throw new Error('base answered nothing')
        return slice(of)
      },
      interimAnalyses: [20],
      seed: 1,
      random: () => (draws++ * 0.618) % 1,
    })
    await expect(judged).rejects.toThrow('base answered nothing')
    expect(now).toBe(0)
    expect(playing).toEqual(Array.from({ length: 26 }, (_, place) => 1 + (place % 2)))
  })

  it('plays the same users on both sides of a pair, and each side as often first', async () => {
    const { slices } = await comparison((of) => slice(of))
    for (const { base, head } of soundPairs(slices)) expect(base.seed).toBe(head.seed)
    expect(new Set(slices.map(({ seed }) => seed)).size).toBe(20)
    expect(slices.filter(({ side, turn }) => side === 'base' && turn === 0)).toHaveLength(10)
  })

  it('has the processes started anew for each pair', async () => {
    const played: string[] = []
    let draws = 0
    await compare({
      play: async (of) => {
        played.push(`${of.pair}`)
        return slice(of)
      },
      renew: async () => void played.push('anew'),
      interimAnalyses: [21],
      seed: 1,
      random: () => (draws++ * 0.618) % 1,
    })
    expect(played.slice(0, 6)).toEqual(['anew', '0', '0', 'anew', '1', '1'])
    expect(played.filter((what) => what === 'anew')).toHaveLength(21)
  })

  it('plays a pair again of which a slice says nothing, and leaves it out', async () => {
    const invalidReasons = ['the generator was 400 ms late at p99']
    const { verdict, slices } = await comparison((of) =>
      // Such a slice would be ten times slower.
      of.pair === 3 && of.side === 'head' ? slice(of, 10, { invalidReasons }) : slice(of),
    )
    expect(verdict).toBe('pass')
    expect(slices).toHaveLength(42)
    expect(soundPairs(slices)).toHaveLength(20)
  })

  it('is invalid when hardly a slice says anything, and says why', async () => {
    const invalidReasons = ['the generator was 400 ms late at p99']
    const judged = await comparison((of) => slice(of, 1, { invalidReasons }))
    expect(judged.verdict).toBe('invalid')
    expect(judged.reasons.join()).toContain('the generator was 400 ms late')
  })

  it('looks again when the first look leaves it undecided', async () => {
    const interimAnalyses: string[] = []
    let draws = 0
    const judged = await compare({
      // Wide scatter, and no difference.
      play: async (of) => slice(of, of.pair % 2 === 0 ? 1.25 : 0.82),
      interimAnalyses: [20, 30],
      seed: 1,
      random: () => (draws++ * 0.618) % 1,
      onInterimAnalysis: (judged) => void interimAnalyses.push(interimLines(judged)[0] ?? judged.verdict),
    })
    expect(interimAnalyses).toHaveLength(2)
    expect(interimAnalyses[0]).toBe('undecided after 20 pairs:')
    expect(soundPairs(judged.slices)).toHaveLength(30)
  })

  it('takes further pairs only of what the first look left undecided', async () => {
    const timed: number[] = []
    let draws = 0
    const judged = await compare({
      play: async (of) => slice(of),
      more: async (pairs) => {
        timed.push(pairs)
        const ofPair = (_: unknown, pair: number) => ({ base: 1000, head: 1000 * scatter(pair) ** 8 })
        const figures = {
          unit: 'ms',
          floor: 5,
          tolerated: 1.01,
          pairs: Array.from({ length: pairs }, ofPair),
        }
        return [{ name: 'LCP of /dashboard', ...figures }]
      },
      interimAnalyses: [20, 30],
      seed: 1,
      random: () => (draws++ * 0.618) % 1,
    })
    expect(judged.verdict).toBe('undecided')
    expect(timed).toEqual([20, 30])
    expect(soundPairs(judged.slices)).toHaveLength(20)
  })

  it.each<[string, (of: Of) => Slice, string, RegExp]>([
    [
      'head answers nobody any more',
      (of) => slice(of, 1, of.side === 'head' && of.pair === 2 ? { errors: 400 } : {}),
      ...(['fail', /^head failed 400 of 1500/] as const),
    ],
    [
      'base answers nobody any more',
      (of) => slice(of, 1, of.side === 'base' && of.pair === 2 ? { errors: 400 } : {}),
      ...(['invalid', /^base failed 400 of 1500.*nothing to compare with/] as const),
    ],
    [
      'head shows a text of another tenant',
      (of) => slice(of, 1, of.side === 'head' && of.pair === 2 ? { leaks: 1 } : {}),
      ...(['fail', /^head showed 1 text/] as const),
    ],
  ])('ends at once when %s', async (_, play, verdict, reason) => {
    const judged = await comparison(play)
    expect(judged).toMatchObject({ verdict, reasons: [expect.stringMatching(reason)] })
    expect(judged.slices).toHaveLength(6)
  })

  it('fails a head that answers quickly and wrongly', async () => {
    const judged = await comparison((of) => slice(of, 0.5, of.side === 'head' ? { errors: 20 } : {}))
    expect(judged).toMatchObject({
      verdict: 'fail',
      reasons: [expect.stringContaining('head failed 400 of')],
    })
    const leaky = await comparison((of) => slice(of, 1, of.side === 'head' ? { leaks: 1 } : {}))
    expect(leaky).toMatchObject({ verdict: 'fail', reasons: [expect.stringContaining('other tenants')] })
  })

  it('fails a head that asks the database more often, however fast it is, and says how to accept that', async () => {
    const judged = await comparison((of) => slice(of))
    const rise = { kind: 'queries', route: 'page /dashboard', base: 6, head: 56 } as const
    const worse = withCounters(judged, { compared: 90, findings: [{ ...rise, call: 'worse' }] })
    expect(worse.verdict).toBe('fail')
    for (const text of [terminalTable(worse), markdown(worse, 'a', 'b')]) {
      expect(text).toContain('--accept "queries page /dashboard"')
      expect(text).toContain('89 of 90 counters are as they were')
    }
    const accepted = withCounters(judged, { compared: 90, findings: [{ ...rise, call: 'accepted' }] })
    expect(accepted.verdict).toBe('pass')
  })

  it('finds a leak that head shows only while its caches are cold', async () => {
    let draws = 0
    const judged = await compare({
      play: async (of) => slice(of),
      warmUp: async () => [slice({ pair: -1, side: 'head', turn: 0, seed: 5 }, 1, { leaks: 1 })],
      interimAnalyses: [20, 30],
      seed: 5,
      random: () => (draws++ * 0.618) % 1,
    })
    expect(judged).toMatchObject({ verdict: 'fail', reasons: [expect.stringContaining('other tenants')] })
    expect(judged.slices).toHaveLength(1)
  })

  it('warms up at the beginning, and compares nothing of that', async () => {
    let draws = 0
    let warmings = 0
    const judged = await compare({
      play: async (of) => slice(of),
      // Ten times slower on head.
      warmUp: async () => {
        warmings++
        return (['base', 'head'] as const).map((side) => slice({ pair: -1, side, turn: 0, seed: 5 }, 10))
      },
      interimAnalyses: [20, 30],
      seed: 5,
      random: () => (draws++ * 0.618) % 1,
    })
    expect([judged.verdict, warmings]).toEqual(['pass', 1])
    expect(soundPairs(judged.slices)).toHaveLength(20)
  })

  it('is invalid where both fail alike, whichever failed once more', async () => {
    for (const more of ['base', 'head']) {
      const judged = await comparison((of) => slice(of, 1, { errors: of.side === more ? 21 : 20 }))
      expect([judged.verdict, judged.reasons.join()]).toEqual([
        'invalid',
        expect.stringMatching(/^base failed/),
      ])
    }
  })

  it('is invalid against a base that fails itself', async () => {
    const judged = await comparison((of) => slice(of, 0.5, of.side === 'base' ? { errors: 20 } : {}))
    expect(judged).toMatchObject({
      verdict: 'invalid',
      reasons: [expect.stringMatching(/^base failed 400 of/)],
    })
  })

  it('does not take more dear pages for a slower head', () => {
    const slices = Array.from({ length: 20 }, (_, pair) =>
      (['base', 'head'] as const).map((side, turn) => {
        const made = slice({ pair, side, turn, seed: pair })
        const [page, api] = made.routes as [Slice['routes'][0], Slice['routes'][0]]
        // Head was asked for three times as many.
        const dear = { ...page, route: 'page /reports', count: side === 'head' ? 90 : 30, p50: 400, p95: 900 }
        return { ...made, routes: [page, api, dear] }
      }),
    ).flat()
    expect(judgeSlices(slices).verdict).toBe('pass')
  })

  it('compares all routes where none is a page, and no CPU that nobody saw', () => {
    const slices = Array.from({ length: 20 }, (_, pair) =>
      (['base', 'head'] as const).map((side, turn) => {
        const made = slice({ pair, side, turn, seed: pair }, 1, { cpu: null })
        return { ...made, routes: made.routes.map((route) => ({ ...route, route: `GET ${route.count}` })) }
      }),
    ).flat()
    expect(metricsOf(slices).map(({ name }) => name)).toEqual(['p50 of all routes', 'p95 of all routes'])
  })

  it('compares CPU as a whole with a base that cannot tell its processes apart', () => {
    const slices = Array.from({ length: 20 }, (_, pair) =>
      (['base', 'head'] as const).map((side, turn) =>
        slice({ pair, side, turn, seed: pair }, 1, side === 'base' ? { cpu: { everything: 8 } } : {}),
      ),
    ).flat()
    const cpu = metricsOf(slices).filter(({ name }) => name.startsWith('CPU'))
    expect(cpu.map(({ name }) => name)).toEqual(['CPU a request'])
    expect(cpu[0]?.pairs[0]?.base).toBe(8)
    expect(cpu[0]?.pairs[0]?.head).toBeCloseTo(8, 0)
  })

  it('begins with each side as often, in an order of its own', () => {
    let draws = 0
    const orders = ordersOf(10, () => (draws++ * 0.618) % 1)
    expect(orders.filter((side) => side === 'base')).toHaveLength(5)
    expect(orders.join()).not.toBe(ordersOf(10, () => 0.999).join())
  })
})
