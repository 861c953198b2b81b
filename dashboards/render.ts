import { slaDashboard } from './sla.ts'

/** File below dashboards/generated → its text, the same bytes every time. */
export function renderDashboards(): Record<string, string> {
  return { 'sla.json': `${JSON.stringify(slaDashboard(), null, 2)}\n` }
}
