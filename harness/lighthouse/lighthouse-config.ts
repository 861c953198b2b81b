import { type Config, desktopConfig } from 'lighthouse'
import { AuditedPage } from './audited-page.ts'
import { benchmarkSamplesKept, phoneAfter } from './phone.ts'
import { benchmarkSamplesOf, readReports } from './report.ts'
import { auditedPage, benchmarkSamplesVariable, formFactorVariable, reportsVariable } from './variables.ts'

const desktop = process.env[formFactorVariable] === 'desktop'

/** The phone of this run, by how fast the machine was before it. */
async function cpuSlowdown(): Promise<number> {
  const reports = process.env[reportsVariable]
  const before = JSON.parse(process.env[benchmarkSamplesVariable] ?? '[]') as number[]
  const seen = reports === undefined ? [] : await readReports(reports, benchmarkSamplesKept)
  return phoneAfter([...before, ...benchmarkSamplesOf(seen)]).cpuSlowdown
}

const config: Config = {
  extends: 'lighthouse:default',
  settings: desktop ? desktopConfig.settings : { throttling: { cpuSlowdownMultiplier: await cpuSlowdown() } },
  audits: [{ implementation: AuditedPage }],
  categories: {
    // Merged with Lighthouse's own; without weight they are asserted and leave the score alone.
    performance: {
      title: 'Performance',
      auditRefs: [
        { id: auditedPage, weight: 0 },
        { id: 'errors-in-console', weight: 0 },
      ],
    },
  },
}

/**
 * Lighthouse's ImageElements allows itself 5 s and forgets that timer, so its process would end 4 s after it was done,
 * a third of a run. While it works, its connection to the browser keeps the process alive; no timer has to.
 * Source: `collectExtraDetails` in lighthouse 13's core/gather/gatherers/image-elements.js
 */
function keepNobodyWaiting(forgotten: number): void {
  const start = globalThis.setTimeout
  const startAside = (...[act, delay, ...rest]: Parameters<typeof start>) => {
    const timer = start(act, delay, ...rest)
    return delay === forgotten ? timer.unref() : timer
  }
  globalThis.setTimeout = Object.defineProperties(startAside, {
    ...Object.getOwnPropertyDescriptors(start),
  }) as typeof start
}

keepNobodyWaiting(5_000)

// biome-ignore lint/style/noDefaultExport: Lighthouse reads the default export
export default config
