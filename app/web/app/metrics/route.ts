import { registerGauges } from '@worklane/api/metrics.ts'
import { connection } from 'next/server'
import { collectDefaultMetrics, register } from 'prom-client'

/** For the scraper alone: the edge answers 404 to the public. */
export async function GET(): Promise<Response> {
  await connection()
  // Next may load this file more than once; the registry is the process's own.
  if (!register.getSingleMetric('cache_lookups_total')) {
    collectDefaultMetrics()
    registerGauges()
  }
  return new Response(await register.metrics(), { headers: { 'Content-Type': register.contentType } })
}
