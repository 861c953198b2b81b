import type { Stage } from '@headroom/loadtests/wire/workloads.ts'
import type { Evidence } from '../result/evidence.ts'
import type { Guard } from '../stack/guard.ts'

/** What runs beside the swarm, and is judged with it. It must not reject. */
export type Sidecar = (context: SidecarContext) => Promise<RunningSidecar>

/** The run that it stands beside. */
export type SidecarContext = {
  guard: Guard
  scenario: string
  stages: readonly Stage[]
  /** What k6 needs to know of the run, without the collector. */
  env: Record<string, string>
  /** When the first stage began, in epoch milliseconds. */
  began: Promise<number>
  /** Resolves when the swarm has ended, early or not. */
  ended: Promise<void>
  /** Ends the swarm early. */
  stop: () => void
}

export type RunningSidecar = {
  evidence: Evidence[]
  invalidReasons: string[]
  facts: string[]
  /** Why it came to nothing, and the run with it. */
  abandoned?: string
}
