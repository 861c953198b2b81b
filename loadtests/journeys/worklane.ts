import { foreignCanary } from '../checks/answer.ts'
import { limits } from '../generated/limits.ts'
import type { App } from '../swarm/app.ts'
import { type CompiledChain, compile, stepAfter } from './chain.ts'
import { journeys } from './journey.ts'
import { boardEvents, steps } from './steps.ts'
import { type User, userAt } from './user.ts'

const chains: Record<string, CompiledChain> = {}
for (const [persona, chain] of Object.entries(journeys)) chains[persona] = compile(chain)

/** Worklane's people at their work. */
export const worklane: App<User> = {
  userAt,
  columns: ['cookie', 'board', 'task', 'file'],
  next: (user) => stepAfter(chains[user.userGroup.persona] as CompiledChain, user),
  steps,
  // Sessions are the seed's, and each step opens what it needs.
  beginsInTheMiddle: true,
  limits,
  session: ({ cookie }) => ({ Cookie: cookie, 'Accept-Encoding': 'gzip' }),
  marks: { own: ({ userGroup }) => userGroup.organisation.canary, foreign: foreignCanary },
  live: {
    begins: ({ step }) => step.endsWith('board'),
    request: boardEvents,
    subject: ({ board }) => board,
  },
}
