import type { Result } from '../judge/result.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { type Fault, worklaneFaults } from './faults.ts'
import type { Plan } from './scenarios.ts'

/** Where load goes: a stack of ours, or a deployment of somebody's. */
export type Site = { origin: string; sessionSecret: string; stack: Stack | null }

/** Plays a plan on a site and judges it. */
export type Play = (
  on: Site,
  plan: Plan,
  more?: { faults?: readonly Fault[]; faultTexts?: readonly string[]; doubts?: readonly string[] },
) => Promise<Result>

export type SiteOptions = {
  target: { origin: string; sessionSecret: string } | null
  plan: Plan
  faults: readonly Fault[]
  processes: { web: number; api: number }
  port: number | undefined
  say: (line: string) => void
}

/** Does something on a site, which is there only as long as that takes. */
export async function onSite<T>(options: SiteOptions, use: (site: Site) => Promise<T>): Promise<T> {
  const { target, plan, faults, processes, port, say } = options
  if (target) return use({ ...target, stack: null })
  const stack = await startStack({
    ...{ population: plan.population, faults: worklaneFaults(faults), processes, say },
    ...(port === undefined ? {} : { port }),
    env: environmentOf(plan, faults),
  })
  try {
    return await use({ origin: stack.origin, sessionSecret: stack.sessionSecret, stack })
  } finally {
    await stack.stop()
  }
}

/**
 * Where one tenant crowds, the limits of organisations are what protects the others: those that a plan of this size
 * would have, not those of a customer who pays for more.
 */
function environmentOf(plan: Plan, faults: readonly Fault[]): Record<string, string> {
  if (faults.some(({ kind }) => kind === 'no-tenant-limits')) return { RATE_LIMIT_SCALE: '100000' }
  return plan.shape === 'crowd' ? { RATE_LIMIT_SCALE: '0.1' } : {}
}
