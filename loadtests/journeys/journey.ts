import type { Persona } from '../../fixtures/population.ts'
import type { Run } from '../swarm/options.ts'
import { draw, type User } from '../swarm/user.ts'

/** After this step, these may follow, as often as their weights say. */
type Chain = Record<string, readonly (readonly [string, number])[]>

/** What anyone does: look at the dashboard, a board, a task, and back. */
const reading: Chain = {
  '': [
    ['open dashboard', 6],
    ['open board', 3],
    ['open task', 1],
  ],
  'open dashboard': [
    ['go to board', 7],
    ['go to task', 2],
    ['check figures', 1],
  ],
  'go to dashboard': [
    ['go to board', 7],
    ['peek at task', 2],
    ['look up people', 1],
  ],
  'open board': [
    ['peek at task', 4],
    ['go to task', 4],
    ['refresh board', 2],
  ],
  'go to board': [
    ['peek at task', 4],
    ['go to task', 3],
    ['refresh board', 2],
    ['list tasks', 1],
  ],
  'refresh board': [
    ['peek at task', 5],
    ['go to dashboard', 2],
    ['go to board', 3],
  ],
  'open task': [
    ['go to board', 6],
    ['go to dashboard', 4],
  ],
  'go to task': [
    ['go to board', 6],
    ['go to dashboard', 3],
    ['peek at task', 1],
  ],
  'peek at task': [
    ['peek at task', 3],
    ['go to task', 3],
    ['refresh board', 3],
    ['go to dashboard', 1],
  ],
  'list tasks': [
    ['next page of tasks', 5],
    ['go to task', 5],
  ],
  'next page of tasks': [
    ['go to task', 7],
    ['go to board', 3],
  ],
  'look up people': [
    ['go to dashboard', 5],
    ['go to board', 5],
  ],
  'check figures': [
    ['go to board', 7],
    ['ask who I am', 2],
    ['list projects', 1],
  ],
  'list projects': [
    ['go to board', 9],
    ['open dashboard', 1],
  ],
  'ask who I am': [['go to dashboard', 1]],
}

/** After a change people look at what they changed. */
const afterWriting: Chain = {
  'move task': [
    ['refresh board', 6],
    ['peek at task', 2],
    ['move task', 2],
  ],
  'edit task': [
    ['peek at task', 5],
    ['go to board', 5],
  ],
  'add task': [
    ['refresh board', 7],
    ['add task', 2],
    ['go to task', 1],
  ],
  'add task by REST': [['list tasks', 1]],
}

const contributing: Chain = {
  ...reading,
  ...afterWriting,
  'open board': [
    ['peek at task', 3],
    ['go to task', 3],
    ['move task', 3],
    ['add task', 1],
  ],
  'go to board': [
    ['peek at task', 3],
    ['go to task', 3],
    ['move task', 2],
    ['add task', 1],
    ['list tasks', 1],
  ],
  'refresh board': [
    ['move task', 3],
    ['peek at task', 4],
    ['go to dashboard', 1],
    ['go to board', 2],
  ],
  'go to task': [
    ['edit task', 3],
    ['go to board', 5],
    ['go to dashboard', 2],
  ],
  'peek at task': [
    ['edit task', 2],
    ['move task', 2],
    ['go to task', 2],
    ['refresh board', 3],
    ['go to dashboard', 1],
  ],
}

const managing: Chain = {
  ...contributing,
  '': [
    ['open dashboard', 8],
    ['open board', 2],
  ],
  'open dashboard': [
    ['check figures', 3],
    ['go to board', 5],
    ['look up people', 2],
  ],
  'go to dashboard': [
    ['check figures', 3],
    ['go to board', 5],
    ['list projects', 2],
  ],
}

const administering: Chain = {
  ...managing,
  'look up people': [
    ['ask who I am', 4],
    ['go to dashboard', 3],
    ['look up people', 3],
  ],
  'list tasks': [
    ['add task by REST', 3],
    ['next page of tasks', 3],
    ['go to task', 4],
  ],
}

/** A Markov chain for each kind of person. */
export const journeys: Record<Persona, Chain> = {
  viewer: reading,
  contributor: contributing,
  manager: managing,
  admin: administering,
}

/** What the user does next. */
export function nextStep(run: Run, user: User): string {
  const following = journeys[user.persona][user.step] ?? []
  const total = following.reduce((sum, [, weight]) => sum + weight, 0)
  let rest = draw(run, user) * total
  for (const [step, weight] of following) {
    rest -= weight
    if (rest < 0) return step
  }
  throw new Error(`no step follows "${user.step}" in the journey of a ${user.persona}`)
}
