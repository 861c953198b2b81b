import { z } from 'zod'

/** The part of Lighthouse's result that is looked at; the figures come from lhci's assertions. */
export const Report = z.object({
  lighthouseVersion: z.string(),
  requestedUrl: z.string(),
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
