import type { Persona } from '../../fixtures/population.ts'
import type { Chain } from './chain.ts'

// Every row adds up to 10.

/** What anyone does: look at the dashboard, a board, a task, and back; now and then from a bookmark. */
const reading: Chain = {
  '': { 'open dashboard': 5, 'open board': 3, 'open task': 2 },
  'open dashboard': { 'go to board': 5, 'check figures': 3, 'list projects': 2 },
  'go to dashboard': { 'go to board': 3, 'look up people': 3, 'check figures': 2, 'ask who I am': 2 },
  'open board': { 'peek at task': 4, 'go to task': 3, 'refresh board': 3 },
  'go to board': { 'peek at task': 4, 'go to task': 2, 'refresh board': 2, 'list tasks': 2 },
  'refresh board': { 'peek at task': 5, 'go to dashboard': 2, 'go to board': 3 },
  'open task': { 'go to board': 5, 'go to dashboard': 3, 'ask who I am': 2 },
  'go to task': { 'go to board': 4, 'go to dashboard': 3, 'open dashboard': 1, 'peek at task': 2 },
  'peek at task': {
    'peek at task': 3,
    'go to task': 2,
    'refresh board': 3,
    'go to dashboard': 1,
    'open board': 1,
  },
  'list tasks': { 'next page of tasks': 5, 'open task': 3, 'go to task': 2 },
  'next page of tasks': { 'open task': 3, 'go to task': 3, 'go to board': 4 },
  'look up people': { 'go to dashboard': 4, 'ask who I am': 3, 'open board': 3 },
  'check figures': { 'go to board': 5, 'list projects': 3, 'ask who I am': 2 },
  'list projects': { 'go to board': 5, 'open board': 3, 'open dashboard': 2 },
  'ask who I am': { 'go to dashboard': 5, 'open dashboard': 5 },
}

/** People who change things look at what they changed. */
const contributing: Chain = {
  ...reading,
  'open board': { 'move task': 4, 'peek at task': 3, 'add task': 3 },
  'open task': { 'attach a file': 4, 'go to board': 3, 'go to dashboard': 2, 'ask who I am': 1 },
  'go to board': { 'peek at task': 2, 'go to task': 2, 'move task': 2, 'add task': 2, 'list tasks': 2 },
  'refresh board': {
    'move task': 2,
    'peek at task': 3,
    'add task by REST': 2,
    'go to dashboard': 1,
    'go to board': 2,
  },
  'go to task': {
    'edit task': 3,
    'go to board': 3,
    'go to dashboard': 2,
    'open dashboard': 1,
    'attach a file': 1,
  },
  'peek at task': {
    'edit task': 2,
    'move task': 2,
    'go to task': 2,
    'refresh board': 1,
    'go to dashboard': 2,
    'attach a file': 1,
  },
  'attach a file': { 'open files': 10 },
  'open files': { 'remove the file': 10 },
  'remove the file': { 'refresh board': 5, 'go to task': 5 },
  'list tasks': { 'next page of tasks': 4, 'add task by REST': 3, 'open task': 3 },
  'next page of tasks': { 'open task': 3, 'add task by REST': 3, 'go to board': 4 },
  'move task': { 'refresh board': 5, 'peek at task': 3, 'move task': 2 },
  'edit task': { 'peek at task': 4, 'go to board': 6 },
  'add task': { 'refresh board': 6, 'go to task': 4 },
  'add task by REST': { 'list tasks': 6, 'go to board': 4 },
}

/** Managers live on the dashboard. */
const managing: Chain = {
  ...contributing,
  '': { 'open dashboard': 8, 'open board': 2 },
  'open dashboard': { 'check figures': 4, 'go to board': 4, 'look up people': 2 },
  'go to dashboard': { 'check figures': 4, 'go to board': 3, 'list projects': 3 },
}

/** Admins look after people and what they cost, and bring work in from elsewhere. */
const administering: Chain = {
  ...managing,
  'open dashboard': { 'go to billing': 4, 'check figures': 3, 'go to board': 3 },
  'go to dashboard': { 'go to billing': 4, 'check figures': 3, 'go to board': 3 },
  'check figures': { 'go to billing': 4, 'go to board': 3, 'list projects': 3 },
  'go to board': { 'go to billing': 4, 'peek at task': 2, 'move task': 2, 'list tasks': 2 },
  'peek at task': { 'go to billing': 4, 'edit task': 2, 'move task': 2, 'go to dashboard': 2 },
  'go to task': { 'go to billing': 4, 'edit task': 3, 'go to board': 3 },
  'look up people': { 'go to billing': 5, 'ask who I am': 3, 'open dashboard': 2 },
  'go to billing': { 'look up people': 3, 'go to dashboard': 4, 'go to board': 2, 'start an export': 1 },
  'start an export': { 'go to dashboard': 5, 'go to board': 5 },
  'list tasks': { 'add task by REST': 5, 'next page of tasks': 3, 'open task': 2 },
}

/** A Markov chain for each kind of person. */
export const journeys: Record<Persona, Chain> = {
  viewer: reading,
  contributor: contributing,
  manager: managing,
  admin: administering,
}
