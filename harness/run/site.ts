import { noisyUsersOf } from '@headroom/loadtests/wire/noisy-tenant.ts'
import { requestsPerStep } from '@headroom/loadtests/wire/workloads.ts'
import { type Fault, stackFaults } from '../plan/faults.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { Access } from '../plan/target/access.ts'
import type { Result } from '../result/result.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import type { Sidecar } from './sidecar.ts'

/** Where load goes: a stack of ours, or a deployment of somebody's. */
export type Site = { origin: string; sessionSecret: string; access?: Access; stack: Stack | null }

/** Plays a plan on a site and judges it. */
export type Play = (
  on: Site,
  plan: Plan,
  more?: {
    faults?: readonly Fault[]
    faultTexts?: readonly string[]
    invalidReasons?: readonly string[]
    sidecar?: Sidecar
  },
) => Promise<Result>

export type SiteOptions = {
  target: { origin: string; sessionSecret: string; access: Access } | null
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
    population: plan.population,
    ...stackFaults(faults),
    processes,
    say,
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
 * Beside a noisy tenant, the limits of organisations are what protects the others. They are set as one would set
 * them on such a machine: to what the largest tenant usually asks, not to what a plan of its size pays for.
 */
function environmentOf(plan: Plan, faults: readonly Fault[]): Record<string, string> {
  if (faults.some(({ kind }) => kind === 'no-tenant-limits')) return { RATE_LIMIT_SCALE: '100000' }
  if (plan.shape !== 'noisy-tenant') return {}
  const requests = noisyUsersOf(plan) * requestsPerStep * (60_000 / plan.think)
  return { ORGANISATION_READS_CAP: String(Math.round(readsPerRequest * requests)) }
}

/** On average: a page is about five, its own and those of its frame. */
const readsPerRequest = 3
