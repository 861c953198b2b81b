import { drawBelow, type Request, type Step } from '../swarm/app.ts'
import { fileSteps } from './files.ts'
import { asJson, get, mutation, navigation, page, query } from './requests.ts'
import { openProject, openTask, taskId, type User } from './user.ts'

/** The live updates of the board that the user has open. */
export const boardEvents = ({ board }: User): Request => ({
  method: 'GET',
  route: 'GET /v1/projects/:projectId/events',
  path: `/v1/projects/${board.id}/events`,
})

const columns = ['todo', 'doing', 'review', 'done']
const pageOfTasks = 20

export const steps: Record<string, Step<User>> = {
  ...fileSteps,
  'open dashboard': () => [page('/dashboard', '/dashboard')],
  'go to dashboard': () => [navigation('/dashboard', '/dashboard')],

  'open board': (user, run) => {
    openProject(run, user)
    return [page('/projects/[projectId]', `/projects/${user.board.id}`)]
  },
  'go to board': (user, run) => {
    openProject(run, user)
    return [navigation('/projects/[projectId]', `/projects/${user.board.id}`)]
  },
  'refresh board': (user) => [query('board.get', { projectId: user.board.id })],

  'open task': (user) => {
    openTask(user)
    return [page('/tasks/[taskId]', `/tasks/${taskId(user)}`)]
  },
  'go to task': (user) => {
    openTask(user)
    return [navigation('/tasks/[taskId]', `/tasks/${taskId(user)}`)]
  },
  'peek at task': (user) => {
    openTask(user)
    const id = taskId(user)
    return [query('task.get', { taskId: id }), query('task.activity', { taskId: id, limit: 20 })]
  },

  'list tasks': (user) => [
    get('/v1/projects/:projectId/tasks', `/v1/projects/${user.board.id}/tasks?limit=${pageOfTasks}`),
  ],
  'next page of tasks': (user) => [
    get(
      '/v1/projects/:projectId/tasks',
      `/v1/projects/${user.board.id}/tasks?limit=${pageOfTasks}&cursor=${user.board.tasks - 4}`,
    ),
  ],
  'look up people': () => [get('/v1/members', '/v1/members?limit=50', false)],
  // What a bookkeeper's program asks, too: admins alone may.
  'go to billing': () => [
    { ...navigation('/settings/billing', '/settings/billing'), tenant: 'may' },
    get('/v1/invoices', '/v1/invoices', false),
  ],
  // Of one board: what a worker has to do of it is bounded.
  'start an export': ({ board }, { without }) => [
    { ...navigation('/settings/exports', '/settings/exports'), tenant: 'may' },
    ...(without.includes('files')
      ? []
      : [
          {
            ...mutation('export.create', { kind: 'tasks', format: 'csv', filters: { projectId: board.id } }),
            tenant: 'may' as const,
          },
        ]),
  ],
  'check figures': () => [get('/v1/dashboard', '/v1/dashboard')],
  'list projects': () => [get('/v1/projects', '/v1/projects')],
  'ask who I am': () => [get('/v1/me', '/v1/me'), get('/v1/organisations', '/v1/organisations', false)],

  'move task': (user) => [
    mutation('task.move', {
      taskId: taskId(user),
      status: columns[drawBelow(user, columns.length)],
    }),
  ],
  'edit task': (user) => [
    mutation('task.update', {
      taskId: taskId(user),
      priority: ['low', 'medium', 'high'][drawBelow(user, 3)],
    }),
  ],
  'add task': (user) => [
    mutation('task.create', {
      projectId: user.board.id,
      title: `Follow up with the pilot group · ${user.userGroup.organisation.canary}`,
    }),
  ],
  'add task by REST': (user) => [
    {
      method: 'POST',
      route: 'POST /v1/projects/:projectId/tasks',
      path: `/v1/projects/${user.board.id}/tasks`,
      headers: asJson,
      body: JSON.stringify({ title: `Imported from the backlog · ${user.userGroup.organisation.canary}` }),
      expect: 201,
      tenant: true,
    },
  ],
}
