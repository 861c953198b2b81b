import { type Config, desktopConfig } from 'lighthouse'
import { AuditedPage, auditedPage } from './audited-page.ts'

/** `mobile`, Lighthouse's own, or `desktop`. */
export const formFactorVariable = 'HEADROOM_LIGHTHOUSE_FORM_FACTOR'

/** How many times slower than this machine the phone is. */
export const slowdownVariable = 'HEADROOM_LIGHTHOUSE_CPU_SLOWDOWN'

const desktop = process.env[formFactorVariable] === 'desktop'

const config: Config = {
  extends: 'lighthouse:default',
  settings: desktop
    ? desktopConfig.settings
    : { throttling: { cpuSlowdownMultiplier: Number(process.env[slowdownVariable]) } },
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

// biome-ignore lint/style/noDefaultExport: Lighthouse reads the default export
export default config
