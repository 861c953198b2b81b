import { z } from 'zod'

const NumericAudit = z.object({ numericValue: z.number().optional() })

/** The part of Lighthouse's result that is looked at. */
export const Report = z.object({
  lighthouseVersion: z.string(),
  requestedUrl: z.string(),
  finalDisplayedUrl: z.string(),
  runtimeError: z.object({ code: z.string(), message: z.string() }).optional(),
  configSettings: z.object({ formFactor: z.enum(['mobile', 'desktop']) }),
  environment: z.object({ benchmarkIndex: z.number() }),
  categories: z.object({ performance: z.object({ score: z.number().nullable() }) }),
  audits: z.object({
    'audited-page': z.object({ score: z.number().nullable(), explanation: z.string().optional() }),
    'largest-contentful-paint': NumericAudit,
    'total-blocking-time': NumericAudit,
    'cumulative-layout-shift': NumericAudit,
    'server-response-time': NumericAudit,
    'total-byte-weight': NumericAudit,
    'resource-summary': z.object({
      details: z
        .object({ items: z.array(z.object({ resourceType: z.string(), transferSize: z.number() })) })
        .optional(),
    }),
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
  operator: z.string(),
})
export type AssertionResult = z.infer<typeof AssertionResult>
export const AssertionResults = z.array(AssertionResult)
