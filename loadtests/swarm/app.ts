import { hash, next, unit } from '../../fixtures/random.ts'
import type { RouteLimit } from '../wire/message.ts'
import type { Cast, Run } from './options.ts'

/** What users have in common who are of one kind: one object for all of them, since there are many users. */
export type UserGroup = {
  /** What percentiles are told by, beside the route. */
  groups: readonly string[]
  /** Theirs is the tenant that a stage's load multiplier speeds up; the others do as always. */
  ofNoisyTenant: boolean
}

/** One live user, as far as the swarm is concerned: who they are, where in their journey, and when they are due. */
export type Player = {
  /** In the population, from 0. */
  index: number
  /** Among all users of the run, from 0: who is there depends on it. */
  place: number
  userGroup: UserGroup
  /** The name of the last step. */
  step: string
  /** State of the user's own sequence: the same run plays the same users. */
  random: number
  /** The path of what they read last and a browser would offer the version of again, and that version; or ''. */
  seen: string
  seenTag: string
  /** When their step is due, or was; before they came, when they come. Epoch milliseconds. */
  dueAt: number
  present: boolean
  /** Whether they hold a stream of live updates open; `never` for most. */
  listens: 'never' | 'not now' | 'now'
}

export type Request = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As its limit names it. */
  route: string
  path: string
  /** Beside those of the session. */
  headers?: Readonly<Record<string, string>>
  body?: string
  /** The status of a good answer, 200 unless said otherwise. */
  expect?: number
  /** The version that the user has goes along; then nothing new is an answer as well (304). */
  conditional?: boolean
  /**
   * Whose texts the answer holds: `true` for the user's tenant, whose mark must be there; `may` where it may be.
   * Of another tenant there must be none in either.
   */
  tenant?: boolean | 'may'
  /** Asked by somebody who is not signed in. */
  anonymous?: boolean
  /** What the answer's content type begins with; what `Accept` asks for unless said otherwise. */
  type?: string
  /** `any`: nothing but the status is looked at. */
  content?: 'any'
  /**
   * Takes from a good answer's text what later steps need, an id for instance; '' of an answer that has none.
   * @returns false when it is not there, which makes the answer a wrong one, as an error does
   */
  keep?(text: string): boolean
}

/** What a user does, and the requests that it makes, one after the other. */
export type Step<User extends Player> = (user: User, run: Run) => Request[]

/** What a swarm plays: who its users are, what they do next, and what that asks of the target. */
export type App<User extends Player> = {
  /**
   * Of a place among the run's users; nothing was done yet.
   * @param token base64url of the HMAC-SHA-256 of a text with the session secret
   */
  userAt(run: Run, place: number, token: (subject: string) => string): User
  /**
   * The names of all that a user has beside what a player has. With them a user who thinks is a row of a table, not
   * an object, and takes a fifth of the memory; what is missing here is forgotten with each step.
   */
  columns?: readonly Exclude<keyof User, keyof Player>[]
  /** The name of what they do next. */
  next(user: User): string
  steps: Readonly<Record<string, Step<User>>>
  /** Whoever comes is in the middle of their journey: nothing that its beginning does is needed later. */
  beginsInTheMiddle?: boolean
  /** Of each route that is judged. */
  limits: Readonly<Record<string, RouteLimit>>
  /** The headers that make a request this user's: a new object each time. */
  session(user: User): Record<string, string>
  /** How to tell whose text an answer holds; undefined where tenants have no marks. */
  marks?: {
    own(user: User): string
    /** The first mark in the text that is another tenant's, or null. */
    foreign(text: string, own: string): string | null
  }
  /** Live updates that some users hold open. */
  live?: {
    /** Whether what they did last opened something that they listen to. */
    begins(user: User): boolean
    request(user: User): Request
    /** What they listen to: as long as it is the same, they come back to it. */
    subject(user: User): unknown
  }
}

const userStream = 101
const streamStream = 102

export const playerAt = <Of extends UserGroup>(run: Cast, place: number, index: number, userGroup: Of) => ({
  index,
  place,
  userGroup,
  step: '',
  seen: '',
  seenTag: '',
  dueAt: 0,
  present: false,
  random: hash(run.seed, userStream, index),
  listens: unit(run.seed, streamStream, index) < run.streams ? ('not now' as const) : ('never' as const),
})

/** The user's next random number in [0, 1). */
export const draw: (user: Player) => number = next

export const drawBelow = (user: Player, bound: number): number => Math.floor(next(user) * bound)
