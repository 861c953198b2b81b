import { labelOf, metrics, type VisitedPage } from '@headroom/loadtests/wire/visits.ts'
import { expect, it } from 'vitest'
import { seenIn } from './samples.ts'

const point = (metric: string, value: number, tags: Record<string, string>) =>
  JSON.stringify({ metric, type: 'Point', data: { time: '2026-11-25T03:00:00Z', value, tags } })

const label = (page: VisitedPage) => labelOf({ stage: 'alone', page, number: 2 })
const click = 'click to /projects/[projectId]'

it('reads visits and their vitals from what k6 wrote', () => {
  const { visits, samples, finished } = seenIn(
    [
      '{"type":"Metric","data":{"name":"browser_web_vital_lcp"},"metric":"browser_web_vital_lcp"}',
      point('browser_web_vital_lcp', 812, { name: label('/tasks/[taskId]'), rating: 'good' }),
      point('browser_web_vital_fid', 1, { name: label('/tasks/[taskId]') }),
      point(metrics.visit, 1, { visit: label('/tasks/[taskId]'), outcome: 'shown', saw: '', within: 'true' }),
      point(metrics.finished, 1, {}),
      '',
    ].join('\n'),
  )
  const place = { stage: 'alone', page: '/tasks/[taskId]', number: 2 }
  expect(samples).toEqual([{ ...place, vital: 'LCP', value: 812 }])
  expect(visits).toEqual([{ ...place, outcome: 'shown', saw: '', within: true }])
  expect(finished).toBe(true)
})

it('takes a click for the LCP of where it led, not the document that was there before', () => {
  const { samples } = seenIn(
    [
      point('browser_web_vital_lcp', 500, { name: label(click) }),
      point('browser_web_vital_inp', 24, { name: label(click) }),
      point(metrics.click, 480, { name: label(click) }),
    ].join('\n'),
  )
  expect(samples.map(({ vital, value }) => [vital, value])).toEqual([
    ['INP', 24],
    ['LCP', 480],
  ])
})

it('leaves out what belongs to no visit, and what was cut off', () => {
  const whole = point('browser_web_vital_lcp', 812, { name: label('/') })
  const { samples, finished } = seenIn(
    [point('browser_web_vital_lcp', 9, { name: 'about:blank' }), whole, whole.slice(0, -9)].join('\n'),
  )
  expect(samples).toHaveLength(1)
  expect(finished).toBe(false)
})
