import { workloads } from '@headroom/loadtests/wire/workloads.ts'
import { describe, expect, it } from 'vitest'
import { historyHtml, inWords } from './chart.ts'
import { Entry } from './entry.ts'
import { type ChangePoint, fallbacks, seriesOf } from './ratchet.ts'

const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()

/** A run a day, of one metric. */
const history = (metric: string, values: number[]): Entry[] =>
  values.map((value, n) => ({
    kind: 'run',
    run: `run-${n}`,
    at: day(n),
    revision: `r${n}`,
    scenario: 'load',
    asked: {},
    machine: 'linux',
    metrics: { [metric]: value },
  }))

const change = (index: number, before: number, after: number): ChangePoint => ({
  index,
  before,
  after,
  p: 1e-6,
})

/** What the ratchet says when levels changed at these places. */
function fallen(metric: string, values: number[], changes: ChangePoint[], more: Entry[] = []) {
  const entries = [...history(metric, values), ...more]
  const series = seriesOf(entries)
  const found = new Map(series.map(({ name }) => [name, changes]))
  return { series, found, fallen: fallbacks(series, found, entries) }
}

const time = 'TTFB p95 of page /dashboard, ms'
/** What a run of it is asked for by default. */
const users = `${workloads.load.users}`
const better = [100, 100, 100, 60, 60, 60]
const fellBack = [...better, 100, 100, 100]
const changesOfFall = [change(3, 100, 60), change(6, 60, 100)]

describe('the ratchet', () => {
  it('says nothing while a level holds or becomes better', () => {
    expect(fallen(time, [100, 103, 98], []).fallen).toEqual([])
    expect(fallen(time, better, [change(3, 100, 60)]).fallen).toEqual([])
  })

  it('says what became better once and fell back, and with which revision', () => {
    expect(fallen(time, fellBack, changesOfFall).fallen).toEqual([
      { series: `load: ${time} (linux)`, best: 60, now: 100, since: { run: 'run-6', revision: 'r6' } },
    ])
  })

  it('holds to more where more is better', () => {
    const carried = [3000, 3000, 3000, 4000, 4000, 4000]
    expect(fallen('users carried', carried, [change(3, 3000, 4000)]).fallen).toEqual([])
    expect(fallen('users carried', carried.toReversed(), [change(3, 4000, 3000)]).fallen).toMatchObject([
      { best: 4000, now: 3000 },
    ])
  })

  it('lets a little be', () => {
    expect(fallen(time, [60, 60, 60, 62, 62, 62], [change(3, 60, 62)]).fallen).toEqual([])
  })

  it('holds to what was accepted from then on', () => {
    const accepted: Entry = {
      kind: 'accepted',
      at: day(8.5),
      series: `load: ${time} (linux)`,
      because: 'more on it',
    }
    expect(fallen(time, fellBack, changesOfFall, [accepted]).fallen).toEqual([])
    const again = [...fellBack, 140, 140, 140]
    const changes = [...changesOfFall, change(9, 100, 140)]
    expect(fallen(time, again, changes, [accepted]).fallen).toMatchObject([{ best: 100, now: 140 }])
  })

  it('keeps machines apart', () => {
    const here = history(time, [60, 60])
    const there = history(time, [100, 100]).map((entry) => ({ ...entry, machine: 'another' }))
    expect(seriesOf([...here, ...there] as Entry[])).toHaveLength(2)
  })

  it('keeps apart what was asked for otherwise, and says so in the name', () => {
    const asked = [
      { users },
      { users: '200', think: '1s' },
      { think: '1s', users: '200' },
      { users, target: 'https://staging.example.com' },
    ]
    const entries = asked.flatMap((asked) => history(time, [60]).map((entry) => ({ ...entry, asked })))
    expect(seriesOf(entries as Entry[]).map(({ name, points }) => [name, points.length])).toEqual([
      [`load: ${time} (linux)`, 1],
      [`load --think 1s --users 200: ${time} (linux)`, 2],
      [`load --target https://staging.example.com: ${time} (linux)`, 1],
    ])
  })

  it('goes on with a history from before it was kept what was asked for', () => {
    const [now] = history(time, [60])
    const { asked: _, ...before } = now as Extract<Entry, { kind: 'run' }>
    const usual = { ...before, run: 'later', asked: { users } }
    expect(seriesOf([Entry.parse(before), Entry.parse(usual)])).toMatchObject([
      { name: `load: ${time} (linux)`, points: [{ run: 'run-0' }, { run: 'later' }] },
    ])
  })

  it('puts runs in the order in which they began, whatever line they are on', () => {
    const [first, second, third] = history(time, [100, 100, 60]) as [Entry, Entry, Entry]
    // The same moment to the second, of which one says no fractions.
    const soon = { ...third, run: 'soon', at: '2026-01-03T00:00:00.500Z' } as Entry
    const whole = { ...third, at: '2026-01-03T00:00:00Z' } as Entry
    const [series] = seriesOf([soon, whole, first, second])
    expect(series?.points.map(({ run }) => run)).toEqual(['run-0', 'run-1', 'run-2', 'soon'])
  })

  it('holds to what was accepted last, on whatever line that is', () => {
    const series = `load: ${time} (linux)`
    const accept = (at: string): Entry => ({ kind: 'accepted', at, series, because: 'more on it' })
    const both = [accept(day(8.5)), accept(day(1.5))]
    expect(fallen(time, fellBack, changesOfFall, both).fallen).toEqual([])
  })
})

describe('the chart', () => {
  it('tells each change in words, and marks what fell back', () => {
    const { series, found, fallen: all } = fallen(time, fellBack, changesOfFall)
    const [first] = series
    expect(inWords(first as NonNullable<typeof first>, change(3, 100, 60))).toBe(
      '40% better from r3 on: 100 → 60 (p < 0.001)',
    )
    const html = historyHtml(series, found, all)
    expect(html).toContain('67% worse from r6 on')
    expect(html).toContain('class="fallen"')
    expect(html.match(/<circle/g)).toHaveLength(fellBack.length)
  })
})
