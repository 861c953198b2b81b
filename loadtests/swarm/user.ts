import {
  canaryOf,
  type Organisation,
  organisationAt,
  type Persona,
  projectAt,
  projectIdAt,
  sessionSubject,
  taskIdAt,
  userAt,
} from '../../fixtures/population.ts'
import { below, unit } from '../../fixtures/random.ts'
import type { Run } from './options.ts'

/** One live user: who they are, where in their journey, and what they have open. */
export type User = {
  index: number
  persona: Persona
  organisation: Organisation
  cookie: string
  /** The name of the last step. */
  step: string
  /** How many random numbers were drawn: the same run plays the same users. */
  draws: number
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
    cookie: `${cookie}=${tokenOf(sessionSubject(run.population, index))}`,
    step: '',
    draws: 0,
    project: 0,
    tasks: 0,
    task: 0,
  }
  openProject(run, user)
  return user
}

const userStream = 101

/** The user's next random number in [0, 1). */
export const draw = (run: Run, user: User): number => unit(run.seed, userStream, user.index, user.draws++)

export const drawBelow = (run: Run, user: User, bound: number): number =>
  below(bound, run.seed, userStream, user.index, user.draws++)

/** Another project, and a task in it. */
export function openProject(run: Run, user: User): void {
  user.project = drawBelow(run, user, user.organisation.projects)
  user.tasks = projectAt(run.population, user.organisation.index, user.project).tasks
  openTask(run, user)
}

export function openTask(run: Run, user: User): void {
  user.task = drawBelow(run, user, user.tasks)
}

export const projectId = (run: Run, user: User): string =>
  projectIdAt(run.population, user.organisation.index, user.project)

export const taskId = (run: Run, user: User): string =>
  taskIdAt(run.population, user.organisation.index, user.project, user.task)

export const ownCanary = (run: Run, user: User): string => canaryOf(run.population, user.organisation.index)
