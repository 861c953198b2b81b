/**
 * What a real browser visits while the swarm plays, and what each visit measures; no k6 in it, so that the harness
 * reads the same.
 */
export const vitals = ['TTFB', 'FCP', 'LCP', 'CLS', 'INP'] as const
export type Vital = (typeof vitals)[number]

/** As Worklane names its pages; the last one is reached by a click inside the app, not loaded anew. */
export const visitedPages = [
  '/',
  '/dashboard',
  '/projects/[projectId]',
  '/tasks/[taskId]',
  'click to /projects/[projectId]',
] as const
export type VisitedPage = (typeof visitedPages)[number]

/** After a click no document begins; LCP then counts from the click until the new page's text was painted. */
export const vitalsOf = (page: VisitedPage): readonly Vital[] =>
  page.startsWith('click') ? ['LCP', 'CLS', 'INP'] : vitals

/** The stages in which visits count, as they are called in the result; between them visits only keep warm. */
export const parts = { alone: 'alone', steady: 'loaded' } as const
export type Part = (typeof parts)[keyof typeof parts]

/** One visit, as its metrics are tagged: the stage in which it was, the page, and the how-manyeth it was. */
export type VisitLabel = { stage: string; page: VisitedPage; number: number }

export const labelOf = ({ stage, page, number }: VisitLabel): string => `${stage} ${number} ${page}`

/** null for what no visit was called. */
export function readLabel(text: string): VisitLabel | null {
  const [, stage = '', number = '', name] = /^(\S+) (\d+) (.+)$/.exec(text) ?? []
  const page = visitedPages.find((known) => known === name)
  return page ? { stage, page, number: Number(number) } : null
}

/** k6's metrics of the browser, and ours beside them. */
export const metrics = {
  vital: (vital: Vital) => `browser_web_vital_${vital.toLowerCase()}`,
  /** Milliseconds from a click to the new page; counts as its LCP. */
  click: 'headroom_click_to_content',
  /** 1 a visit, tagged with the outcome and, unless the right page was shown, with what was seen instead. */
  visit: 'headroom_visit',
  /** 1 when all visits were made that there was time for. */
  finished: 'headroom_visits_finished',
} as const

/** shown: the right page. wrong: another, or none in time. leak: one with another tenant's text. */
export const outcomes = ['shown', 'wrong', 'leak'] as const
export type Outcome = (typeof outcomes)[number]
