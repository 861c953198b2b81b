import type { Plan } from './scenarios.ts'
import type { Access } from './target/access.ts'
import { reaching } from './target/environment.ts'

export type Place = {
  target: string
  sessionSecret: string
  collector: string
  /** How k6 gets in from here; undefined where k6 is elsewhere, or the target our own. */
  access?: Access | undefined
}

/** What the k6 side reads (loadtests/swarm/options.ts). */
export function environmentOf(
  plan: Plan,
  { target, sessionSecret, collector, access }: Place,
): Record<string, string> {
  const { users, think, ramp, duration, seed, population, shards } = plan
  const values = {
    USERS: users,
    THINK: think,
    RAMP: ramp,
    DURATION: duration,
    SEED: seed,
    SHARDS: shards,
    POPULATION_SEED: population.seed,
    POPULATION_ORGANISATIONS: population.organisations,
    POPULATION_USERS: population.users,
    TARGET: target,
    SESSION_SECRET: sessionSecret,
    COLLECTOR: collector,
    ...(plan.connections === undefined ? {} : { CONNECTIONS: plan.connections }),
    ...(plan.journey ? { JOURNEY: plan.journey.script } : {}),
  }
  return {
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`HEADROOM_${name}`, String(value)])),
    ...(access ? reaching(target, access) : {}),
  }
}
