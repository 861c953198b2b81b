import { type Case, failure, junit, passed, verdictCase } from '../report/junit.ts'
import type { LighthouseResult } from './lighthouse.ts'

export function junitOfLighthouse({ verdict, crashed, forms }: LighthouseResult): string {
  const pages = forms.flatMap(({ formFactor, pages }) =>
    pages.map((page) => ({ ...page, what: `${page.name} (${formFactor})` })),
  )
  const reasons = pages.flatMap(({ what, reasons }) => reasons.map((reason) => `${what}: ${reason}`))
  const cases = pages.flatMap(({ what, measures }) =>
    Object.entries(measures).map(
      ([name, { actual, limit, passed: held }]): Case => ({
        of: what,
        name,
        outcome: held ? passed : failure(`${actual}, expected ${limit}`),
      }),
    ),
  )
  const facts = crashed === null ? [] : [crashed]
  return junit('lighthouse', [verdictCase(verdict, [...facts, ...reasons], cases), ...cases])
}
