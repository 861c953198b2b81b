import { z } from 'zod'

export type Row = { labels: Record<string, string>; value: number }
/** Samples as they were scraped: seconds and value, the earliest first. */
export type Series = { labels: Record<string, string>; points: [number, number][] }

/** Prometheus could not be asked, and why: what it holds is not known, which is another thing than nothing. */
export class Unanswered extends Error {
  override name = 'Unanswered'
}

const patience = 10_000

const value = z.string().transform(numberOf)
const Vector = z.array(
  z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), value]) }),
)
const Matrix = z.array(
  z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), value])) }),
)

/**
 * An instant query; what is no number, such as a quantile of nothing, is left out.
 * @param time epoch seconds
 * @throws Unanswered
 */
export async function query(url: string, expression: string, time: number): Promise<Row[]> {
  const rows = Vector.parse(await asked(url, expression, time))
  return rows.flatMap(({ metric: labels, value: [, value] }) =>
    Number.isNaN(value) ? [] : [{ labels, value }],
  )
}

/**
 * Of an expression that selects a range, such as `up[60s]`: each sample once, with the time of its scrape.
 * @throws Unanswered
 */
export async function seriesOf(url: string, expression: string, time: number): Promise<Series[]> {
  const all = Matrix.parse(await asked(url, expression, time))
  return all.map(({ metric: labels, values }) => ({
    labels,
    points: values.filter(([, value]) => !Number.isNaN(value)),
  }))
}

const Told = z.union([
  z.object({ status: z.literal('success'), data: z.object({ result: z.unknown() }) }),
  z.object({ status: z.literal('error'), error: z.string() }),
])

async function asked(url: string, expression: string, time: number): Promise<unknown> {
  if (!url) throw new Unanswered('no Prometheus was started')
  const address = `${url}/api/v1/query?${new URLSearchParams({ query: expression, time: String(time) })}`
  const body: unknown = await fetch(address, { signal: AbortSignal.timeout(patience) })
    .then((response) => response.json())
    .catch((error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message
      throw new Unanswered(`Prometheus did not answer (${cause})`)
    })
  const told = Told.safeParse(body)
  if (!told.success) throw new Unanswered('Prometheus answered something else than its API does')
  if (told.data.status === 'error') throw new Unanswered(`Prometheus refused a query (${told.data.error})`)
  return told.data.data.result
}

/** As Prometheus writes numbers: infinity is "+Inf". */
function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
