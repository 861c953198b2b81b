import type { Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

type PrometheusQuery = Dataquery & { expr: string; legendFormat: string }

export type PanelQuery = { panel: string; legend: string; expression: string }

/** Every query of every panel; a text panel has none. */
export function queriesOf(dashboard: Dashboard): PanelQuery[] {
  return (dashboard.panels ?? []).flatMap((panel) => {
    const targets = ('targets' in panel ? panel.targets : undefined) ?? []
    return (targets as PrometheusQuery[]).map((target) => ({
      panel: panel.title ?? '',
      legend: target.legendFormat,
      expression: target.expr,
    }))
  })
}

/** Fills in what Grafana fills in. @throws Error for a variable that it was given no value for */
export function withVariables(expression: string, values: Record<string, string>): string {
  return expression.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for $${name} in ${expression}`)
    return value
  })
}
