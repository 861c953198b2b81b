import { drawBelow, type Request } from '../swarm/app.ts'
import type { Lack } from '../wire/lacks.ts'
import { downloadOf, nameOfFile, postOf, readyFileIn, sizeOfFile } from './files.ts'
import { taskId, type User } from './user.ts'

/** An owner, who may do everything, and the ids of what they made on their way. */
export type Owner = User & { made: Record<string, string> }
type Input = Record<string, unknown>

/** An operation, which the tour asks for once by REST and once by tRPC. */
export type Call = {
  operation: string
  rest: string
  /** Null when it is about something that is not there yet: then nothing is asked. */
  input: (user: Owner) => Input | null
  tenant: boolean | 'may'
  /** Under what name the id of what it made is kept. */
  keep?: string
  /** Under what name the id of the first that it found is kept, if there is any. */
  first?: string
  /** The same of what is found otherwise. */
  find?: readonly [name: string, found: (user: Owner, answer: string) => string | undefined]
  /** What a deployment may be without, and then refuses. */
  needs?: Lack
  /** What a good answer leads to, beyond the API. */
  leadsTo?: { route: string; ask: (user: Owner, answer: string) => Request | null }
}

const nothing = () => ({})
const canary = (user: Owner) => user.userGroup.organisation.canary
/** Another one each time: names must not be taken. */
const unlike = (user: Owner) =>
  drawBelow(user, 36 ** 6)
    .toString(36)
    .padStart(6, '0')
const named = (user: Owner) => `Tour ${unlike(user)} · ${canary(user)}`
const fileOf = (user: Owner) =>
  `project,title,status\n${Array.from({ length: 20 }, (_, line) => `NOWHERE,${named(user)} ${line},todo`).join('\n')}\n`
const inProject = ({ board }: Owner) => ({ projectId: board.id })
/** One of those that the tenant had before: by name they come before those of a tour. */
const labelled = ({ made: { knownLabelId } }: Owner) =>
  knownLabelId === undefined ? {} : { labelIds: [knownLabelId] }
const ofTask = (user: Owner) => ({ taskId: taskId(user) })

const ifSubscribed =
  (more: Call['input'] = nothing): Call['input'] =>
  (user) =>
    user.userGroup.organisation.plan === 'free' ? null : more(user)
/** Who owes pays first. */
const ifCurrent = (more: Call['input']): Call['input'] =>
  ifSubscribed((user) => (user.userGroup.organisation.standing === 'current' ? more(user) : null))
const otherPlan = ({ userGroup }: Owner) => ({
  plan: userGroup.organisation.plan === 'team' ? 'business' : 'team',
  interval: 'month',
})

const call = (operation: string, rest: string, input: Call['input'] = nothing): Call => ({
  operation,
  rest,
  input,
  tenant: 'may',
})
/** Of what always holds a text of the tenant's own. */
const ownCall = (operation: string, rest: string, input: Call['input'] = nothing): Call => ({
  operation,
  rest,
  input,
  tenant: true,
})
const create = (thing: string, rest: string, input: Call['input']): Call => ({
  ...call(`${thing}.create`, rest, input),
  keep: `${thing}Id`,
})
const needing = (needs: Lack, one: Call): Call => ({ ...one, needs })
/** Of what was made before, and is known by that id. */
const made =
  (id: string, more: (user: Owner) => Input = nothing): Call['input'] =>
  (user) => {
    const known = user.made[id]
    return known === undefined ? null : { [id]: known, ...more(user) }
  }
/** The same, and then it is gone. */
const last =
  (id: string): Call['input'] =>
  (user) => {
    const input = made(id)(user)
    delete user.made[id]
    return input
  }

/** Nothing is put into the store: the check finds that, and says so. */
function pictureCalls(what: string, path: string): Call[] {
  const begun = call(`${what}.upload`, `POST ${path}`, () => ({ name: 'tour.png', size: 1_000 }))
  return [
    needing('files', { ...begun, keep: 'pictureId' }),
    needing('files', call(`${what}.complete`, `POST ${path}/:pictureId/complete`, last('pictureId'))),
    call(`${what}.get`, `GET ${path}`),
    call(`${what}.remove`, `DELETE ${path}`),
  ]
}

/** In the order in which a thing is made, changed and taken away again. */
export const calls: Call[] = [
  call('me.get', 'GET /v1/me'),
  call('me.export', 'GET /v1/me/export'),
  // People and organisations are seen from other tenants, by whoever belongs to both: no canary in their names.
  call('me.update', 'PATCH /v1/me', (user) => ({ name: `Owner ${unlike(user)}` })),
  ...pictureCalls('avatar', '/v1/me/avatar'),
  call('session.list', 'GET /v1/sessions'),
  call('session.revokeOthers', 'POST /v1/sessions/revoke-others'),
  call('organisation.list', 'GET /v1/organisations'),
  call('organisation.get', 'GET /v1/organisation'),
  call('organisation.update', 'PATCH /v1/organisation', (user) => ({ name: `Tour ${unlike(user)}` })),
  ownCall('organisation.export', 'GET /v1/organisation/export'),
  ...pictureCalls('logo', '/v1/organisation/logo'),
  { ...call('member.list', 'GET /v1/members', () => ({ limit: 50 })), first: 'memberId' },
  call('member.get', 'GET /v1/members/:memberId', made('memberId')),
  create('invitation', 'POST /v1/invitations', (user) => ({
    email: `${unlike(user)}@tour.example`,
    role: 'viewer',
  })),
  call('invitation.list', 'GET /v1/invitations'),
  call('invitation.revoke', 'DELETE /v1/invitations/:invitationId', last('invitationId')),

  ownCall('project.list', 'GET /v1/projects'),
  ownCall('project.get', 'GET /v1/projects/:projectId', inProject),
  ownCall('board.get', 'GET /v1/projects/:projectId/board', inProject),
  create('project', 'POST /v1/projects', (user) => ({
    key: `T${unlike(user).toUpperCase()}`,
    name: named(user),
  })),
  call(
    'project.update',
    'PATCH /v1/projects/:projectId',
    made('projectId', (user) => ({ name: named(user) })),
  ),
  call('project.remove', 'DELETE /v1/projects/:projectId', last('projectId')),

  ownCall('task.list', 'GET /v1/projects/:projectId/tasks', (user) => ({ ...inProject(user), limit: 20 })),
  call('task.find', 'GET /v1/tasks', () => ({ limit: 20 })),
  ownCall('task.get', 'GET /v1/tasks/:taskId', ofTask),
  call('task.activity', 'GET /v1/tasks/:taskId/activity', (user) => ({ ...ofTask(user), limit: 20 })),
  { ...call('label.list', 'GET /v1/labels'), first: 'knownLabelId' },
  call('label.get', 'GET /v1/labels/:labelId', ({ made: { knownLabelId } }) =>
    knownLabelId === undefined ? null : { labelId: knownLabelId },
  ),
  create('task', 'POST /v1/projects/:projectId/tasks', (user) => ({
    ...inProject(user),
    title: named(user),
    ...labelled(user),
  })),
  call(
    'task.update',
    'PATCH /v1/tasks/:taskId',
    made('taskId', (user) => ({ title: named(user) })),
  ),
  call(
    'task.move',
    'POST /v1/tasks/:taskId/move',
    made('taskId', () => ({ status: 'doing' })),
  ),
  call('task.remove', 'DELETE /v1/tasks/:taskId', last('taskId')),

  create('label', 'POST /v1/labels', (user) => ({ name: `Tour ${unlike(user)}` })),
  call(
    'label.update',
    'PATCH /v1/labels/:labelId',
    made('labelId', () => ({ colour: 'red' })),
  ),
  call('label.remove', 'DELETE /v1/labels/:labelId', last('labelId')),

  call('comment.list', 'GET /v1/tasks/:taskId/comments', ofTask),
  create('comment', 'POST /v1/tasks/:taskId/comments', (user) => ({ ...ofTask(user), body: named(user) })),
  call(
    'comment.update',
    'PATCH /v1/comments/:commentId',
    made('commentId', (user) => ({ body: named(user) })),
  ),
  call('comment.remove', 'DELETE /v1/comments/:commentId', last('commentId')),

  needing('files', {
    ...create('upload', 'POST /v1/tasks/:taskId/uploads', (user) => ({
      ...ofTask(user),
      name: nameOfFile(user),
      size: sizeOfFile(user),
    })),
    leadsTo: { route: 'file upload', ask: postOf },
  }),
  needing('files', call('upload.complete', 'POST /v1/uploads/:uploadId/complete', made('uploadId'))),

  // It is cancelled again before a worker has done much.
  needing(
    'files',
    create('export', 'POST /v1/exports', () => ({ kind: 'projects', format: 'csv' })),
  ),
  call('export.list', 'GET /v1/exports', () => ({ limit: 20 })),
  needing('files', call('export.get', 'GET /v1/exports/:exportId', made('exportId'))),
  needing('files', call('export.cancel', 'POST /v1/exports/:exportId/cancel', last('exportId'))),

  // Of a project that nobody has: it is checked, and nothing can come of it.
  {
    ...call('import.check', 'POST /v1/imports', (user) => ({ name: 'tour.csv', content: fileOf(user) })),
    first: 'importId',
  },
  call('import.list', 'GET /v1/imports', () => ({ limit: 20 })),
  call('import.get', 'GET /v1/imports/:importId', last('importId')),

  call('filter.list', 'GET /v1/filters'),
  create('filter', 'POST /v1/filters', (user) => ({ name: named(user), query: { status: 'todo' } })),
  call('filter.remove', 'DELETE /v1/filters/:filterId', last('filterId')),

  { ...call('notification.list', 'GET /v1/notifications'), first: 'notificationId' },
  call('notification.count', 'GET /v1/notifications/count'),
  call('notification.read', 'POST /v1/notifications/:notificationId/read', last('notificationId')),
  call('notification.readAll', 'POST /v1/notifications/read'),
  call('notification.preferences', 'GET /v1/notifications/preferences'),
  // Who is played gets no mail, before and after.
  call('notification.updatePreferences', 'PATCH /v1/notifications/preferences', () => ({ digest: 'off' })),

  // Checked meanwhile.
  {
    ...call('file.list', 'GET /v1/tasks/:taskId/files', (user) => ({ ...ofTask(user), limit: 20 })),
    find: ['fileId', readyFileIn],
  },
  needing('files', {
    ...call('file.link', 'GET /v1/files/:fileId/link', last('fileId')),
    leadsTo: { route: 'file download', ask: downloadOf },
  }),
  needing(
    'files',
    call('file.remove', 'DELETE /v1/files/:fileId', (user) => {
      const { uploadId } = last('uploadId')(user) ?? {}
      return uploadId === undefined ? null : { fileId: uploadId }
    }),
  ),

  call('search.find', 'GET /v1/search', () => ({ q: 'review' })),
  call('dashboard.get', 'GET /v1/dashboard'),
  call('report.get', 'GET /v1/report'),
  call('audit.list', 'GET /v1/audit'),

  call('billing.get', 'GET /v1/billing'),
  needing('subscriptions', call('billing.portal', 'POST /v1/billing/portal', ifSubscribed())),
  needing('subscriptions', call('billing.preview', 'GET /v1/billing/preview', ifCurrent(otherPlan))),
  call('billing.sync', 'POST /v1/billing/sync'),
  call('invoice.list', 'GET /v1/invoices'),

  create('apiKey', 'POST /v1/api-keys', () => ({ name: 'Tour', scopes: ['task:read'] })),
  call('apiKey.list', 'GET /v1/api-keys'),
  call('apiKey.revoke', 'DELETE /v1/api-keys/:apiKeyId', last('apiKeyId')),

  // It is told of what a tour does not do: nothing is sent.
  needing(
    'webhooks',
    create(
      'webhook',
      'POST /v1/webhooks',
      ifSubscribed(() => ({ url: 'https://hooks.tour.example/', events: ['member.left'] })),
    ),
  ),
  call('webhook.list', 'GET /v1/webhooks'),
  needing('webhooks', call('webhook.get', 'GET /v1/webhooks/:webhookId', made('webhookId'))),
  needing(
    'webhooks',
    call(
      'webhook.update',
      'PATCH /v1/webhooks/:webhookId',
      made('webhookId', () => ({ description: 'Tour' })),
    ),
  ),
  needing('webhooks', call('webhook.rotateSecret', 'POST /v1/webhooks/:webhookId/secret', made('webhookId'))),
  needing(
    'webhooks',
    call('webhook.deliveries', 'GET /v1/webhooks/:webhookId/deliveries', made('webhookId')),
  ),
  needing('webhooks', call('webhook.remove', 'DELETE /v1/webhooks/:webhookId', last('webhookId'))),
]
