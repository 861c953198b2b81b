/** How Lighthouse's own process, which lhci starts, is told what to do: by its environment. */

/** `mobile`, Lighthouse's own, or `desktop`. */
export const formFactorVariable = 'HEADROOM_LIGHTHOUSE_FORM_FACTOR'

/** How many times slower than this machine the phone is. */
export const slowdownVariable = 'HEADROOM_LIGHTHOUSE_CPU_SLOWDOWN'

/** Path of a page → a text that only the right page, with the right session, holds. */
export type Markers = Record<string, string>

/** The markers, as JSON. */
export const markersVariable = 'HEADROOM_LIGHTHOUSE_MARKERS'

/** The audit that proves which page it was. */
export const auditedPage = 'audited-page'
