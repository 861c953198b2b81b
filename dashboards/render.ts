import { stringify } from 'yaml'
import { openSlo } from './openslo.ts'
import { prometheusRules } from './rules.ts'
import { slaDashboard } from './sla.ts'

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const made = '# Made by `pnpm generate` from perf-budgets/slo.ts.\n'

/** File below dashboards/generated → its text, the same bytes every time. */
export function renderDashboards(): Record<string, string> {
  return {
    'sla.json': json(slaDashboard()),
    'slo-rules.yaml': made + stringify(prometheusRules(), { lineWidth: 0 }),
    'openslo.yaml':
      made +
      openSlo()
        .map((document) => stringify(document, { lineWidth: 0 }))
        .join('---\n'),
  }
}
