import type { Verdict } from '../../result/result.ts'
import type { BehaviourName } from './behaviours.ts'

/** A way to misbehave, who asks for it, and the verdict that is right for it. Times are milliseconds. */
export type Case = {
  users: number
  think: number
  duration: number
  journey: 'get' | 'post' | 'marked'
  verdict: Verdict
  /** With how many k6 processes, unless the command line says otherwise. */
  shards: readonly number[]
  /** Requests that never reached the target are of this kind; it cannot know how many. */
  unseen?: 'connection'
}

const usual: Case = {
  users: 60,
  think: 400,
  duration: 12_000,
  journey: 'get',
  verdict: 'pass',
  shards: [1, 2, 4],
}
const broken: Case = { ...usual, users: 40, duration: 6_000, verdict: 'fail', shards: [1] }

const cases = {
  constant: usual,
  lognormal: usual,
  'two-humps': usual,
  'rare-5s': usual,
  'stall-3s': usual,
  'slow-body': usual,
  // Each request makes a connection, which costs both sides much more than the answer.
  'slow-handshake': { ...usual, users: 20 },
  'hang-before-end': { ...usual, users: 40, duration: 10_000, verdict: 'fail' },

  'few-users': { ...usual, users: 5, think: 250, shards: [1] },
  // Two seconds are more than the route's limit; how many connections the generator has changes nothing.
  'many-users': { ...broken, users: 300, think: 500, duration: 12_000, shards: [1, 2] },
  'late-last-byte': { ...broken, duration: 8_000 },
  refused: { ...broken, duration: 8_000, unseen: 'connection' },
  'hang-ups-get': broken,
  'hang-ups-post': { ...broken, journey: 'post' },
  'some-503': broken,
  'all-503': { ...broken, journey: 'marked' },
  'some-unanswered': broken,
  'empty-200': broken,
  'error-page-200': { ...broken, journey: 'marked' },
  'garbage-gzip': broken,
  'truncated-body': broken,
  'leak-in-error-page': { ...broken, journey: 'marked' },
} as const satisfies Record<BehaviourName, Case>

export const caseNames = Object.keys(cases) as BehaviourName[]

export const caseOf = (name: BehaviourName): Case => cases[name]
