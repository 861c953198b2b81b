import {
  type Organisation,
  organisationAt,
  type Persona,
  projectIdAt,
  sessionSubject,
  taskCount,
  taskIdAt,
  userAt,
} from '../../fixtures/population.ts'
import { hash, next } from '../../fixtures/random.ts'
import type { Run } from './options.ts'

/** A full page, a click inside the app, a read and a write of the API. */
export type Asker = 'page' | 'navigation' | 'read' | 'write'

/** One live user: who they are, where in their journey, and what they have open. */
export type User = {
  index: number
  persona: Persona
  organisation: Organisation
  headers: Record<Asker, Record<string, string>>
  /** The name of the last step. */
  step: string
  /** State of the user's own sequence: the same run plays the same users. */
  random: number
  project: number
  /** Tasks in the open project. */
  tasks: number
  task: number
}

/**
 * The k-th of the run's users, spread over the whole population, so that every tenant has some.
 * @param tokenOf the HMAC of a session's subject
 */
export function createUser(run: Run, k: number, tokenOf: (subject: string) => string): User {
  const index = Math.floor((k * run.population.users) / run.users)
  const { persona, organisation } = userAt(run.population, index)
  const cookie = run.target.startsWith('https:') ? '__Secure-authjs.session-token' : 'authjs.session-token'
  const user: User = {
    index,
    persona,
    organisation: organisationAt(run.population, organisation),
    headers: headersOf(`${cookie}=${tokenOf(sessionSubject(run.population, index))}`),
    step: '',
    random: hash(run.seed, userStream, index),
    project: 0,
    tasks: 0,
    task: 0,
  }
  openProject(run, user)
  return user
}

/** Made once: the same cookie goes with all that a user asks. */
function headersOf(Cookie: string): User['headers'] {
  const all = { Cookie, 'Accept-Encoding': 'gzip' }
  return {
    page: { ...all, Accept: 'text/html' },
    navigation: { ...all, RSC: '1' },
    read: all,
    write: { ...all, 'Content-Type': 'application/json' },
  }
}

const userStream = 101

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
