import { createHash, createHmac } from 'node:crypto'
import {
  organisationAt,
  type PopulationSpec,
  projectAt,
  sessionSubject,
  taskAt,
  userAt,
  userIdAt,
} from '@headroom/fixtures/population.ts'
import { uuid } from '@headroom/fixtures/random.ts'

type Value = string | number | Date | null
export type Row = readonly Value[]
export type Table = { name: string; columns: string[]; rows: () => Iterable<Row> }

const day = 86_400_000
const sessionDays = 365
const activityStream = 21

/** A user's session token: whoever has the secret derives it from the index, so no list is ever shipped. */
export const sessionToken = (spec: PopulationSpec, user: number, secret: string): string =>
  createHmac('sha256', secret).update(sessionSubject(spec, user)).digest('base64url')

/**
 * The population as tables, in an order that foreign keys allow, each row made when it is asked for.
 * @param today midnight UTC of the day that the tasks' dates count from
 */
export function tablesOf(
  spec: PopulationSpec,
  options: { sessionSecret: string; passwordHash: string; today: Date },
): Table[] {
  const { sessionSecret, passwordHash } = options
  const at = (days: number, hours = 9) => new Date(options.today.getTime() + days * day + hours * 3_600_000)
  const dateOf = (days: number) => at(days).toISOString().slice(0, 10)
  const longAgo = at(-400)

  function* organisations(): Iterable<Row> {
    for (let index = 0; index < spec.organisations; index++) {
      const { id, name, slug, plan, canary } = organisationAt(spec, index)
      yield [id, name, slug, plan, canary, longAgo]
    }
  }
  function* users(): Iterable<Row> {
    for (let index = 0; index < spec.users; index++) {
      const { id, email, name } = userAt(spec, index)
      yield [id, email, name, passwordHash, longAgo, longAgo]
    }
  }
  function* memberships(): Iterable<Row> {
    for (const { user, organisation } of members(spec)) yield [organisation.id, user.id, user.role, longAgo]
  }
  function* sessions(): Iterable<Row> {
    for (const { user, organisation } of members(spec)) {
      const token = sessionToken(spec, user.index, sessionSecret)
      yield [createHash('sha256').update(token).digest('hex'), user.id, organisation.id, at(sessionDays)]
    }
  }
  function* projects(): Iterable<Row> {
    for (const { organisation, project } of allProjects(spec)) {
      const { id, key, name, description, tasks } = project
      yield [organisation.id, id, key, name, description, tasks + 1, longAgo, longAgo]
    }
  }
  function* tasks(): Iterable<Row> {
    for (const { organisation, project, task } of allTasks(spec)) {
      const created = at(-task.createdAgo)
      const done = task.doneAgo === null ? null : at(-task.doneAgo, -3)
      yield [
        ...[
          organisation.id,
          task.id,
          project.id,
          task.number,
          task.title,
          task.description,
          task.status,
          task.priority,
        ],
        task.assignee === null ? null : userIdAt(spec, task.assignee),
        task.dueIn === null ? null : dateOf(task.dueIn),
        ...[task.position, userIdAt(spec, task.createdBy), created, done ?? created, done],
      ]
    }
  }
  /** Every task was once created, and those that are done were moved there. */
  function* activity(): Iterable<Row> {
    for (const { organisation, project, task } of allTasks(spec)) {
      const key = `${project.key}-${task.number}`
      const event = (kind: number) =>
        uuid(activityStream, spec.seed, organisation.index, project.index, task.index, kind)
      const entry = (kind: number, what: string, user: number, detail: string, when: Date): Row => [
        ...[
          organisation.id,
          event(kind),
          event(kind + 100),
          task.id,
          key,
          task.title,
          what,
          userIdAt(spec, user),
        ],
        ...[detail, when],
      ]
      yield entry(1, 'created', task.createdBy, '', at(-task.createdAgo))
      if (task.doneAgo !== null) {
        yield entry(2, 'moved', task.assignee ?? task.createdBy, 'review → done', at(-task.doneAgo, -3))
      }
    }
  }

  return [
    {
      name: 'organisations',
      columns: ['id', 'name', 'slug', 'plan', 'canary', 'created_at'],
      rows: organisations,
    },
    {
      name: 'users',
      columns: ['id', 'email', 'name', 'password_hash', 'email_verified', 'created_at'],
      rows: users,
    },
    { name: 'memberships', columns: ['org_id', 'user_id', 'role', 'created_at'], rows: memberships },
    { name: 'sessions', columns: ['token_hash', 'user_id', 'active_org_id', 'expires_at'], rows: sessions },
    {
      name: 'projects',
      columns: ['org_id', 'id', 'key', 'name', 'description', 'next_number', 'created_at', 'updated_at'],
      rows: projects,
    },
    {
      name: 'tasks',
      columns: [
        ...[
          'org_id',
          'id',
          'project_id',
          'number',
          'title',
          'description',
          'status',
          'priority',
          'assignee_id',
        ],
        ...['due_on', 'position', 'created_by', 'created_at', 'updated_at', 'done_at'],
      ],
      rows: tasks,
    },
    {
      name: 'activity',
      columns: [
        ...[
          'org_id',
          'id',
          'outbox_id',
          'task_id',
          'task_key',
          'task_title',
          'kind',
          'actor_id',
          'detail',
          'at',
        ],
      ],
      rows: activity,
    },
  ]
}

function* members(spec: PopulationSpec) {
  for (let index = 0; index < spec.organisations; index++) {
    const organisation = organisationAt(spec, index)
    for (let user = organisation.firstUser; user < organisation.firstUser + organisation.users; user++) {
      yield { organisation, user: userAt(spec, user) }
    }
  }
}

function* allProjects(spec: PopulationSpec) {
  for (let index = 0; index < spec.organisations; index++) {
    const organisation = organisationAt(spec, index)
    for (let p = 0; p < organisation.projects; p++) yield { organisation, project: projectAt(spec, index, p) }
  }
}

function* allTasks(spec: PopulationSpec) {
  for (const { organisation, project } of allProjects(spec)) {
    for (let t = 0; t < project.tasks; t++) {
      yield { organisation, project, task: taskAt(spec, organisation, project.index, t) }
    }
  }
}
