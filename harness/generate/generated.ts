import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderDashboards } from '@headroom/dashboards/render.ts'
import { sizesTable } from '@headroom/fixtures/sizes.ts'
import { renderLighthouserc } from '@headroom/perf-budgets/lighthouserc.ts'
import { sloTable } from '@headroom/perf-budgets/readme-table.ts'
import { renderLimits, renderThresholds } from '@headroom/perf-budgets/thresholds.ts'
import { cacheTable } from '@worklane/edge/cache-rules.ts'
import { edgeConfigurations } from '../deploy/edge-configurations.ts'
import { importDiagram } from './import-diagram.ts'

export type Generated = {
  /** From the root of the checkout. */
  path: string
  /** What the file should be, given what it is; undefined when it has no place for it. */
  text: (current: string) => string | undefined
}

/** Everything that is made from perf-budgets/slo.ts or from the edge, and what the fixtures say of themselves. */
export const generated: Generated[] = [
  { path: 'lighthouserc.json', text: renderLighthouserc },
  { path: 'loadtests/generated/thresholds.ts', text: renderThresholds },
  { path: 'loadtests/generated/limits.ts', text: renderLimits },
  ...Object.entries(renderDashboards()).map(([name, text]) => ({
    path: `dashboards/generated/${name}`,
    text: () => text,
  })),
  ...Object.entries(edgeConfigurations).map(([path, text]) => ({ path, text: () => text })),
  { path: 'docs/deploy.md', text: (current) => between(current, 'cache', cacheTable()) },
  { path: 'ARCHITECTURE.md', text: (current) => between(current, 'imports', importDiagram()) },
  { path: 'README.md', text: (current) => between(current, 'slo', sloTable()) },
  { path: 'fixtures/README.md', text: (current) => between(current, 'sizes', sizesTable()) },
]

export type State = 'fresh' | 'stale' | 'no place'

/** What each file is like, and, unless only looking, brings the stale ones up to date. */
export async function bringUpToDate(
  root: string,
  { lookOnly, files = generated }: { lookOnly: boolean; files?: Generated[] },
): Promise<{ path: string; state: State }[]> {
  return Promise.all(
    files.map(async ({ path, text }) => {
      const file = join(root, path)
      const current = await readFile(file, 'utf8').catch(() => '')
      const wanted = text(current)
      if (wanted === undefined) return { path, state: 'no place' as const }
      if (wanted === current) return { path, state: 'fresh' as const }
      if (!lookOnly) {
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, wanted)
      }
      return { path, state: 'stale' as const }
    }),
  )
}

/** Puts a table where the text has a place of that name. */
function between(current: string, place: string, table: string): string | undefined {
  const [start, end] = [`<!-- ${place}:start -->`, `<!-- ${place}:end -->`]
  const [from, to] = [current.indexOf(start), current.indexOf(end)]
  if (from < 0 || to < from) return undefined
  return `${current.slice(0, from + start.length)}\n${table}\n${current.slice(to)}`
}
