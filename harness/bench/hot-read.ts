import autocannon from 'autocannon'
import type { Stack } from '../stack/stack.ts'
import { inPairs, type Pairs } from './pairs.ts'

/** Kept in Redis, and asked for by every page's frame. */
export const hotRead = '/v1/projects'

const connections = 8
const sliceSeconds = 3

/**
 * What one answer costs the process that gives it, in seconds of CPU: the API's own process against the same
 * handler mounted in Next. A closed loop of few connections: the ceiling of one route, not how people come.
 * @throws Error when an answer is not a 2xx
 */
export async function hotReadCost(stack: Stack, cookie: string, pairs: number): Promise<Pairs> {
  const slice = (part: 'api' | 'web', seconds = sliceSeconds) => costOf(stack, part, cookie, seconds)
  // Until the code is compiled and the cache holds the answer.
  for (const part of ['api', 'web'] as const) await slice(part, 2)
  return inPairs(pairs, [() => slice('api'), () => slice('web')])
}

async function costOf(stack: Stack, part: 'api' | 'web', cookie: string, duration: number): Promise<number> {
  const cpu = async () => (await stack.usage())[part]?.cpuSeconds ?? Number.NaN
  const before = await cpu()
  const { requests, errors, non2xx, timeouts } = await autocannon({
    url: `${stack.addresses[part]}${hotRead}`,
    headers: { cookie },
    connections,
    duration,
  })
  const after = await cpu()
  if (errors + non2xx + timeouts > 0 || requests.total === 0) {
    throw new Error(
      `${part} answered ${hotRead} with ${non2xx} refusals, ${errors} errors, ${timeouts} timeouts`,
    )
  }
  return (after - before) / requests.total
}
