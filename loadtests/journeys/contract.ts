import type { Player, Request } from '../swarm/app.ts'
import type { RouteLimit } from '../wire/message.ts'
import type { Workload } from '../wire/workloads.ts'
import type { Chain } from './chain.ts'

/** One of the people who visit an app. `state` is what the journey's own `start` made. */
export type Visitor<State> = Player & { state: State }

/**
 * What load tests need to know of an app that is not Worklane: `export const journey: Journey = …` in a file of its
 * own, which both Node and k6 read. docs/any-target.md explains each part.
 */
export type Journey<State = undefined> = {
  /** What results call it. */
  name: string
  /** What is played unless the command line says otherwise; milliseconds. */
  workload?: Partial<Pick<Workload, 'users' | 'think' | 'ramp' | 'duration' | 'scan'>>
  /**
   * Route → what 95 of 100 requests stay below, in ms: to the first byte, and to the last (twice as long when a number
   * says only the first). Each route that a step asks needs one, and is judged.
   */
  limits: Readonly<Record<string, number | RouteLimit>>
  /** What a visitor remembers between steps. */
  start?(visitor: Player): State
  /**
   * Headers that make a request this visitor's.
   * @param token base64url of the HMAC-SHA-256 of a text with HEADROOM_SESSION_SECRET: what the app can check, too
   */
  session?(visitor: Visitor<State>, token: (subject: string) => string): Record<string, string>
  /** What follows each step, as often as its weight says; '' is where everybody begins, and its steps are played. */
  chain: Chain
  steps: Readonly<Record<string, (visitor: Visitor<State>) => Request[]>>
  /**
   * How tenants' texts are told apart, for those answers that are asked for with `tenant: true`: each must hold the
   * visitor's own mark, and none of another tenant.
   */
  marks?: { own(visitor: Visitor<State>): string; any: RegExp }
}
