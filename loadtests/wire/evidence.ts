import type { ScenarioName } from './workloads.ts'

/** What is watched beside the requests, where the target is a stack of ours. */
export const watchable = [
  'CPU of the parts',
  'delay of effects',
  'webhook effects',
  'failed pages',
  'memory slopes',
  'event loops and pools',
  'statements',
] as const
export type Watchable = (typeof watchable)[number]

const always: readonly Watchable[] = ['CPU of the parts', 'delay of effects', 'failed pages']

/** What the verdict of each scenario stands on, beside the requests: without it a run is invalid. */
export const evidenceOf: Record<ScenarioName, readonly Watchable[]> = {
  smoke: always,
  routes: always,
  load: always,
  '100k': always,
  stress: always,
  spike: always,
  soak: [...always, 'memory slopes'],
  capacity: always,
  isolation: ['failed pages'],
  'noisy-neighbour': always,
  browser: always,
  'billing-storm': [...always, 'webhook effects'],
}
