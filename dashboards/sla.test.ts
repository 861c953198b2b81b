import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { effects, promises, routes, ttfbP95, webhooks } from '@headroom/perf-budgets/slo.ts'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, it } from 'vitest'
import { queriesOf, withVariables } from './queries.ts'
import { renderDashboards } from './render.ts'
import { slaDashboard } from './sla.ts'

const variables = { __range: '15m', __rate_interval: '20s', testid: '.*' }

/** Where the grammar stumbles, or undefined. */
function syntaxError(expression: string): string | undefined {
  let error: string | undefined
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError)
        error ??= `at ${node.from}: …${expression.slice(Math.max(0, node.from - 20), node.to + 20)}…`
    },
  })
  return error
}

describe('the dashboard of the promises', () => {
  const dashboard = slaDashboard()
  const panels = dashboard.panels ?? []

  it.each(queriesOf(dashboard).map((query) => [query.panel, query.legend, query.expression] as const))(
    'asks PromQL that parses: %s, %s',
    (_panel, _legend, expression) => {
      expect(syntaxError(withVariables(expression, variables))).toBeUndefined()
    },
  )

  it.each(['sum by name (k6_vus)', 'rate(k6_http_reqs_total[5m)', 'sum(k6_vus{name=page})', ''])(
    'would be caught asking %j',
    (broken) => {
      expect(syntaxError(broken)).toBeDefined()
    },
  )

  it('gives every panel an id of its own', () => {
    const ids = panels.map((panel) => panel.id)
    expect(ids).not.toContain(undefined)
    expect(new Set(ids).size).toBe(panels.length)
  })

  it('lays no panel over another, and none beyond the 24 columns', () => {
    const places = panels.map(({ title, gridPos }) => ({ title, ...(gridPos ?? { x: 0, y: 0, w: 0, h: 0 }) }))
    for (const [index, a] of places.entries()) {
      expect(a.x + a.w, a.title).toBeLessThanOrEqual(24)
      for (const b of places.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        expect(apart, `${a.title} and ${b.title}`).toBe(true)
      }
    }
  })

  it('takes its Prometheus from the menu at the top, so that it can be imported anywhere', () => {
    const sources = JSON.stringify(dashboard).match(/"datasource":\{[^}]*\}/g) ?? []
    expect(sources.length).toBeGreaterThan(10)
    expect(new Set(sources)).toEqual(new Set(['"datasource":{"type":"prometheus","uid":"$datasource"}']))
  })

  it('draws the limits of perf-budgets/slo.ts', () => {
    const stepOf = (start: string) => {
      const panel = panels.find((candidate) => candidate.title?.startsWith(start))
      return (panel as Panel).fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value)
    }
    expect(stepOf('Availability')).toEqual([null, promises.availability.target])
    expect(stepOf('TTFB p95, slowest')).toEqual([null, ttfbP95 / 1000])
    expect(stepOf('TTFB p95 by route')).toEqual([null, ttfbP95 / 1000])
    expect(stepOf('From a write')).toEqual([null, effects.delayP95 / 1000])
    expect(stepOf('Oldest job')).toEqual([null, effects.oldestWaiting / 1000])
    expect(stepOf('From a webhook')).toEqual([null, webhooks.effectP95 / 1000])
    expect(stepOf('Oldest webhook')).toEqual([null, webhooks.oldestWaiting / 1000])
  })

  it('holds every route against its own limit, and only that', () => {
    const used = queriesOf(dashboard).find(({ panel }) => panel.includes('limit in use'))?.expression ?? ''
    const groups = [...used.matchAll(/name=~"([^"]+)"\}\[\$__range\]\)\)\) \/ ([\d.]+)/g)].map(
      // As Prometheus reads it: the string's backslashes first, then the pattern.
      ([, text = '', limit]) => ({
        names: new RegExp(`^(?:${text.replaceAll('\\\\', '\\')})$`),
        limit: Number(limit),
      }),
    )
    for (const [name, budget] of Object.entries(routes)) {
      const limits = groups.filter((group) => group.names.test(name)).map((group) => group.limit)
      expect(limits, name).toEqual([budget.ttfbP95 / 1000])
    }
  })

  it('is what lies in generated/, byte for byte; `pnpm generate` fixes it', async () => {
    for (const [name, text] of Object.entries(renderDashboards())) {
      expect(await readFile(join(import.meta.dirname, 'generated', name), 'utf8'), name).toBe(text)
    }
  })
})
