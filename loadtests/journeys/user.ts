import {
  type Organisation,
  organisationAt,
  organisationOf,
  type Persona,
  personaAt,
  projectIdAt,
  sessionCookieOf,
  sessionSubject,
  taskCount,
  taskIdIn,
  taskStem,
  whaleOf,
} from '../../fixtures/population.ts'
import type { Stem } from '../../fixtures/random.ts'
import { drawBelow, type Player, playerAt, type UserGroup } from '../swarm/app.ts'
import type { Cast, Run } from '../swarm/options.ts'
import { indexBesideNoisyTenant, indexSpread } from '../wire/noisy-tenant.ts'

/** A project with what its board is asked by, and the stem of its tasks' ids: one object, since there are many. */
type Board = Stem & { id: string; tasks: number }

/** What all people of an organisation share. */
type Home = { organisation: Organisation; boards: (Board | undefined)[] }

type WorklaneGroup = UserGroup & Home & { persona: Persona }

/** One who works in Worklane, and what they have open. */
export type User = Player & {
  userGroup: WorklaneGroup
  cookie: string
  board: Board
  task: number
  /** The id of a file that they have attached, and will take away again; or ''. */
  file: string
}

/** The k-th of the run's users, spread over the whole population, so that every tenant has some. */
export const userAt = (run: Run, place: number, token: (subject: string) => string): User =>
  userOf(run, place, (run.shape === 'noisy-tenant' ? indexBesideNoisyTenant : indexSpread)(run, place), token)

/** One of the population as the k-th of the run's users. */
export function userOf(run: Cast, place: number, index: number, token: (subject: string) => string): User {
  const userGroup = userGroupOf(run, index)
  const player = playerAt(run, place, index, userGroup)
  const opened = drawProject(run, player)
  const cookie = `${sessionCookieOf(run.target)}=${token(sessionSubject(run.population, index))}`
  return { ...player, ...opened, cookie, file: '' }
}

/** Another project, and a task in it. */
export function openProject(run: Run, user: User): void {
  const { board, task } = drawProject(run, user)
  user.board = board
  user.task = task
}

export function openTask(user: User): void {
  user.task = drawBelow(user, user.board.tasks)
}

/** A certain task, by where it is in the population. */
export function openTaskAt(cast: Cast, user: User, project: number, task: number): void {
  user.board = boardAt(cast, user.userGroup, project)
  user.task = task
}

export const taskId = ({ board, task }: User): string => taskIdIn(board, task)

function drawProject(
  run: Cast,
  player: Player & { userGroup: WorklaneGroup },
): { board: Board; task: number } {
  const board = boardAt(run, player.userGroup, drawBelow(player, player.userGroup.organisation.projects))
  return { board, task: drawBelow(player, board.tasks) }
}

const userGroups = new Map<string, WorklaneGroup>()
const homes = new Map<number, Home>()

function userGroupOf(run: Cast, index: number): WorklaneGroup {
  const organisation = organisationOf(run.population, index)
  const persona = personaAt(run.population, index, organisation)
  const key = `${organisation} ${persona}`
  const known = userGroups.get(key)
  if (known) return known
  const home = homes.get(organisation) || {
    organisation: organisationAt(run.population, organisation),
    boards: [],
  }
  homes.set(organisation, home)
  const ofNoisyTenant = organisation === whaleOf(run.population)
  const groups = [`persona ${persona}`, `tier ${ofNoisyTenant ? 'whale' : home.organisation.plan}`]
  const userGroup = { groups, ofNoisyTenant, persona, organisation: home.organisation, boards: home.boards }
  userGroups.set(key, userGroup)
  return userGroup
}

/** Made when somebody opens it first: hashing its ids is dear in k6. */
function boardAt({ population }: Cast, { organisation, boards }: WorklaneGroup, project: number): Board {
  const { index } = organisation
  let board = boards[project]
  if (!board) {
    const { a, b } = taskStem(population, index, project)
    const id = projectIdAt(population, index, project)
    board = { id, tasks: taskCount(population, index, project), a, b }
    boards[project] = board
  }
  return board
}
