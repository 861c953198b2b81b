import {
  type Organisation,
  organisationAt,
  organisationOf,
  type Persona,
  personaAt,
  projectIdAt,
  sessionSubject,
  taskCount,
  taskIdAt,
  whaleOf,
} from '../../fixtures/population.ts'
import { hash, next, unit } from '../../fixtures/random.ts'
import type { Run } from './options.ts'

/** A full page, a click inside the app, a read and a write of the API. */
export type Asker = 'page' | 'navigation' | 'read' | 'write'

/** One live user: who they are, where in their journey, and what they have open. */
export type User = {
  index: number
  persona: Persona
  organisation: Organisation
  cookie: string
  /** The name of the last step. */
  step: string
  /** State of the user's own sequence: the same run plays the same users. */
  random: number
  project: number
  /** Tasks in the open project. */
  tasks: number
  task: number
  /** What percentiles are told by, beside the route. */
  groups: readonly string[]
  /** Among all users of the run, from 0: who is there depends on it. */
  place: number
  /** One of the largest tenant, who may act faster than the others. */
  inWhale: boolean
  /** They hold the live updates of the open board. */
  follows: boolean
  /** The read that they saw last, whose version a browser would offer again. */
  seen: { path: string; tag: string } | null
  /** When their step is due, or was; before they came, when they come. Epoch milliseconds. */
  dueAt: number
  present: boolean
  /** Their stream is open, or being opened. */
  listening: boolean
}

/**
 * The k-th of the run's users, spread over the whole population, so that every tenant has some.
 * @param tokenOf the HMAC of a session's subject
 */
export function createUser(run: Run, k: number, tokenOf: (subject: string) => string): User {
  const index = Math.floor((k * run.population.users) / run.users)
  const organisation = organisationOf(run.population, index)
  const persona = personaAt(run.population, index, organisation)
  const cookie = run.target.startsWith('https:') ? '__Secure-authjs.session-token' : 'authjs.session-token'
  const home = homeOf(run, organisation)
  const inWhale = organisation === whaleOf(run.population)
  const user: User = {
    index,
    persona,
    organisation: home,
    groups: groupsOf(persona, inWhale ? 'whale' : home.plan),
    place: k,
    inWhale,
    follows: unit(run.seed, streamStream, index) < run.streams,
    seen: null,
    dueAt: 0,
    present: false,
    listening: false,
    cookie: `${cookie}=${tokenOf(sessionSubject(run.population, index))}`,
    step: '',
    random: hash(run.seed, userStream, index),
    project: 0,
    tasks: 0,
    task: 0,
  }
  openProject(run, user)
  return user
}

/** The same list for the same kind of people: there are as many users as that, and few kinds. */
const groups: Record<string, readonly string[]> = {}
function groupsOf(persona: string, tier: string): readonly string[] {
  const key = `${persona} ${tier}`
  groups[key] ||= [`persona ${persona}`, `tier ${tier}`]
  return groups[key]
}

/** One object for all people of an organisation: kept for each of 100,000 it would be most of the memory. */
const homes = new Map<number, Organisation>()
function homeOf(run: Run, organisation: number): Organisation {
  const known = homes.get(organisation) || organisationAt(run.population, organisation)
  homes.set(organisation, known)
  return known
}

/** Made for each request, since they would be kept for each user otherwise. */
export function headersOf({ cookie: Cookie, seen }: User, as: Asker, path = ''): Record<string, string> {
  const all: Record<string, string> = { Cookie, 'Accept-Encoding': 'gzip' }
  if (as === 'page') all.Accept = 'text/html'
  else if (as === 'navigation') all.RSC = '1'
  else if (as === 'write') all['Content-Type'] = 'application/json'
  if (seen && seen.path === path) all['If-None-Match'] = seen.tag
  return all
}

const userStream = 101
const streamStream = 102

/** The user's next random number in [0, 1). */
export const draw: (user: User) => number = next

export const drawBelow = (user: User, bound: number): number => Math.floor(next(user) * bound)

/** Another project, and a task in it. */
export function openProject(run: Run, user: User): void {
  user.project = drawBelow(user, user.organisation.projects)
  user.tasks = taskCount(run.population, user.organisation.index, user.project)
  openTask(user)
}

export function openTask(user: User): void {
  user.task = drawBelow(user, user.tasks)
}

export const projectId = (run: Run, user: User): string =>
  projectIdAt(run.population, user.organisation.index, user.project)

export const taskId = (run: Run, user: User): string =>
  taskIdAt(run.population, user.organisation.index, user.project, user.task)

export const ownCanary = (user: User): string => user.organisation.canary
