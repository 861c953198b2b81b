/** How Lighthouse's own process, which lhci starts, is told what to do: by its environment. */

/** `mobile`, Lighthouse's own, or `desktop`. */
export const formFactorVariable = 'HEADROOM_LIGHTHOUSE_FORM_FACTOR'

/** Samples of how fast this machine is, as JSON: numbers, the newest last. */
export const benchmarkSamplesVariable = 'HEADROOM_LIGHTHOUSE_SAMPLES'

/** Where lhci keeps the reports of the runs so far, whose benchmark samples count as well; nowhere when they do not. */
export const reportsVariable = 'HEADROOM_LIGHTHOUSE_REPORTS'

/** Path of a page → a text that only the right page, with the right session, holds. */
export type Markers = Record<string, string>

/** The markers, as JSON. */
export const markersVariable = 'HEADROOM_LIGHTHOUSE_MARKERS'

/** The audit that proves which page it was. */
export const auditedPage = 'audited-page'
