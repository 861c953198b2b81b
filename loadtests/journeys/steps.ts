import type { Run } from '../swarm/options.ts'
import { type Asker, drawBelow, openProject, openTask, projectId, taskId, type User } from '../swarm/user.ts'

export type Request = {
  method: 'GET' | 'POST' | 'PATCH'
  /** As perf-budgets/slo.ts names it. */
  route: string
  path: string
  /** How the browser or the program asks. */
  as: Asker
  body?: string
  expect?: number
  /** The version that the user has goes along; then nothing new is an answer as well (304). */
  conditional?: boolean
  /** The answer holds texts of the user's tenant. */
  tenant?: boolean
}

/** What a user does, and the requests that it makes, one after the other. */
export type Step = (run: Run, user: User) => Request[]

const page = (name: string, path: string): Request => ({
  method: 'GET',
  route: `page ${name}`,
  path,
  as: 'page',
  tenant: true,
})

/** A click on a link inside the app: Next fetches the new page as a React payload. */
const navigation = (name: string, path: string): Request => ({
  method: 'GET',
  route: `rsc ${name}`,
  // Next answers only when this parameter fits the other headers; without a router state it is empty.
  path: `${path}?_rsc`,
  as: 'navigation',
  tenant: true,
})

const query = (operation: string, input: object): Request => ({
  method: 'GET',
  route: `trpc ${operation}`,
  path: `/trpc/${operation}?input=${encodeURIComponent(JSON.stringify(input))}`,
  as: 'read',
  tenant: true,
})

const mutation = (operation: string, input: object): Request => ({
  method: 'POST',
  route: `trpc ${operation}`,
  path: `/trpc/${operation}`,
  as: 'write',
  body: JSON.stringify(input),
  tenant: true,
})

const get = (route: string, path: string, tenant = true): Request => ({
  method: 'GET',
  route: `GET ${route}`,
  path,
  as: 'read',
  tenant,
  conditional: true,
})

/** The live updates of the board that the user has open. */
export const boardEvents = (run: Run, user: User): Request => ({
  method: 'GET',
  route: 'GET /v1/projects/:projectId/events',
  path: `/v1/projects/${projectId(run, user)}/events`,
  as: 'read',
})

const columns = ['todo', 'doing', 'review', 'done']
const pageOfTasks = 20

export const steps: Record<string, Step> = {
  'open dashboard': () => [page('/dashboard', '/dashboard')],
  'go to dashboard': () => [navigation('/dashboard', '/dashboard')],

  'open board': (run, user) => {
    openProject(run, user)
    return [page('/projects/[projectId]', `/projects/${projectId(run, user)}`)]
  },
  'go to board': (run, user) => {
    openProject(run, user)
    return [navigation('/projects/[projectId]', `/projects/${projectId(run, user)}`)]
  },
  'refresh board': (run, user) => [query('board.get', { projectId: projectId(run, user) })],

  'open task': (run, user) => {
    openTask(user)
    return [page('/tasks/[taskId]', `/tasks/${taskId(run, user)}`)]
  },
  'go to task': (run, user) => {
    openTask(user)
    return [navigation('/tasks/[taskId]', `/tasks/${taskId(run, user)}`)]
  },
  'peek at task': (run, user) => {
    openTask(user)
    return [
      query('task.get', { taskId: taskId(run, user) }),
      query('task.activity', { taskId: taskId(run, user), limit: 20 }),
    ]
  },

  'list tasks': (run, user) => [
    get('/v1/projects/:projectId/tasks', `/v1/projects/${projectId(run, user)}/tasks?limit=${pageOfTasks}`),
  ],
  'next page of tasks': (run, user) => [
    get(
      '/v1/projects/:projectId/tasks',
      `/v1/projects/${projectId(run, user)}/tasks?limit=${pageOfTasks}&cursor=${user.tasks - 4}`,
    ),
  ],
  'look up people': () => [get('/v1/members', '/v1/members?limit=50', false)],
  'check figures': () => [get('/v1/dashboard', '/v1/dashboard')],
  'list projects': () => [get('/v1/projects', '/v1/projects')],
  'ask who I am': () => [get('/v1/me', '/v1/me'), get('/v1/organisations', '/v1/organisations', false)],

  'move task': (run, user) => [
    mutation('task.move', {
      taskId: taskId(run, user),
      status: columns[drawBelow(user, columns.length)],
    }),
  ],
  'edit task': (run, user) => [
    mutation('task.update', {
      taskId: taskId(run, user),
      priority: ['low', 'medium', 'high'][drawBelow(user, 3)],
    }),
  ],
  'add task': (run, user) => [
    mutation('task.create', {
      projectId: projectId(run, user),
      title: `Follow up with the pilot group · ${user.organisation.canary}`,
    }),
  ],
  'add task by REST': (run, user) => [
    {
      method: 'POST',
      route: 'POST /v1/projects/:projectId/tasks',
      path: `/v1/projects/${projectId(run, user)}/tasks`,
      as: 'write',
      body: JSON.stringify({ title: `Imported from the backlog · ${user.organisation.canary}` }),
      expect: 201,
      tenant: true,
    },
  ],
}
