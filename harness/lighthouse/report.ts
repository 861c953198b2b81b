import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** The part of Lighthouse's result that is looked at; the figures come from lhci's assertions. */
export const Report = z.object({
  lighthouseVersion: z.string(),
  requestedUrl: z.string(),
  environment: z.object({ benchmarkIndex: z.number() }),
  runtimeError: z.object({ code: z.string(), message: z.string() }).optional(),
  configSettings: z.object({
    formFactor: z.enum(['mobile', 'desktop']),
    throttling: z.object({ cpuSlowdownMultiplier: z.number() }),
  }),
  audits: z.object({
    'audited-page': z.object({ score: z.number().nullable(), explanation: z.string().optional() }),
  }),
})
export type Report = z.infer<typeof Report>

/**
 * @param directory lhci's, during an audit or after it
 * @param last how many, all unless said
 * @returns the reports of the runs that ended, in their order
 */
export async function readReports(directory: string, last = Number.POSITIVE_INFINITY): Promise<Report[]> {
  const names = (await reportFiles(directory)).slice(-last)
  return Promise.all(
    names.map(async (name) => Report.parse(JSON.parse(await readFile(join(directory, name), 'utf8')))),
  )
}

/** How fast the machine was before each run, as Lighthouse read it. */
export const benchmarkSamplesOf = (reports: readonly Report[]): number[] =>
  reports.map(({ environment }) => environment.benchmarkIndex)

/** In the order of the runs: lhci names them by when they ended. */
export const reportFiles = async (directory: string): Promise<string[]> =>
  (await readdir(directory).catch(() => []))
    .filter((name) => /^lhr-\d+\.json$/.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** One line of lhci's assertion-results.json. */
export const AssertionResult = z.object({
  url: z.string(),
  auditId: z.string(),
  auditProperty: z.string().optional(),
  passed: z.boolean(),
  // NaN, which is what "no value" is to lhci, becomes null in JSON.
  actual: z.number().nullable(),
  expected: z.number(),
})
export type AssertionResult = z.infer<typeof AssertionResult>
export const AssertionResults = z.array(AssertionResult)
