import { type Config, desktopConfig } from 'lighthouse'
import { AuditedPage, auditedPage } from './audited-page.ts'

/** `mobile`, Lighthouse's own, or `desktop`. */
export const formFactorVariable = 'HEADROOM_LIGHTHOUSE_FORM_FACTOR'

const desktop = process.env[formFactorVariable] === 'desktop'

const config: Config = {
  extends: 'lighthouse:default',
  ...(desktop ? { settings: desktopConfig.settings } : {}),
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
