import { listActivity } from './activity/operations.ts'
import { getDashboard } from './dashboard/operations.ts'
import { getMe } from './me/operations.ts'
import { listMembers } from './members/operations.ts'
import type { AnyOperation } from './operation.ts'
import { listOrganisations } from './organisations/operations.ts'
import { getBoard } from './projects/board.ts'
import { createProject, getProject, listProjects, updateProject } from './projects/operations.ts'
import { getTask, listTasks } from './tasks/reads.ts'
import { createTask, moveTask, removeTask, updateTask } from './tasks/writes.ts'

/** Everything that a user can do, by name. REST, OpenAPI and tRPC are made from this list. */
export const operations = {
  'me.get': getMe,
  'organisation.list': listOrganisations,
  'member.list': listMembers,
  'project.list': listProjects,
  'project.get': getProject,
  'project.create': createProject,
  'project.update': updateProject,
  'board.get': getBoard,
  'task.list': listTasks,
  'task.get': getTask,
  'task.activity': listActivity,
  'task.create': createTask,
  'task.update': updateTask,
  'task.move': moveTask,
  'task.remove': removeTask,
  'dashboard.get': getDashboard,
} as const

export type Operations = typeof operations
export type OperationName = keyof Operations

export const operationList = Object.values(operations) as unknown as AnyOperation[]
