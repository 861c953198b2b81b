import { wholeAnswer } from '../generated/limits.ts'
import { type App, playerAt } from '../swarm/app.ts'
import type { RouteLimit } from '../wire/message.ts'
import { compile, stepAfter } from './chain.ts'
import type { Journey, Visitor } from './contract.ts'

/** Headers that were made once, since sessions last for the whole run. */
type Known<State> = Visitor<State> & { headers: Record<string, string> }

/** A journey of somebody's own as what a swarm plays. */
export function appOf<State>(journey: Journey<State>): App<Known<State>> {
  const chain = compile(journey.chain)
  const userGroup = { groups: [], ofNoisyTenant: false }
  const { marks, steps } = journey
  return {
    userAt(run, place, token) {
      const player = playerAt(run, place, place, userGroup)
      const visitor = { ...player, state: journey.start?.(player) as State }
      return { ...visitor, headers: journey.session?.(visitor, token) ?? {} }
    },
    next: (user) => stepAfter(chain, user),
    steps,
    limits: routeLimits(journey.limits),
    session: ({ headers }) => ({ 'Accept-Encoding': 'gzip', ...headers }),
    ...(marks
      ? {
          marks: {
            own: marks.own,
            foreign: (text, own) =>
              (text.match(everywhere(marks.any)) ?? []).find((mark) => mark !== own) ?? null,
          },
        }
      : {}),
  }
}

/** @param limits a number alone is the first byte's */
export function routeLimits(limits: Journey['limits']): Record<string, RouteLimit> {
  const both: Record<string, RouteLimit> = {}
  for (const [route, limit] of Object.entries(limits))
    both[route] = typeof limit === 'number' ? { ttfb: limit, latency: wholeAnswer * limit } : limit
  return both
}

const everywhere = (pattern: RegExp): RegExp =>
  pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`)
