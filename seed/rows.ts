import { createHash, createHmac } from 'node:crypto'
import { instant } from '@headroom/fixtures/history.ts'
import {
  commentAt,
  labelsOf,
  type Organisation,
  organisationAt,
  type PopulationSpec,
  type Project,
  projectAt,
  sessionSubject,
  type Task,
  taskAt,
  userAt,
  userIdAt,
} from '@headroom/fixtures/population.ts'
import { unit, uuid, uuidAt } from '@headroom/fixtures/random.ts'
import { generateKeyBetween } from 'fractional-indexing'

type Value = string | number | Date | null
export type Row = readonly Value[]
export type Table = { name: string; columns: string[]; rows: () => Iterable<Row> }

const day = 86_400_000
const sessionDays = 365
const stream = { activity: 21, comment: 22, notification: 23, outbox: 24 } as const
/** The share of open tasks whose assignee still has the notification of it. */
const told = 0.3

/** The ordering keys of places in a project, one after the other, made once for all projects. */
const positions: string[] = []
function positionAt(place: number): string {
  while (positions.length <= place) positions.push(generateKeyBetween(positions.at(-1), null))
  return positions[place] as string
}

/** A user's session token: whoever has the secret derives it from the index, so no list is ever shipped. */
export const sessionToken = (spec: PopulationSpec, user: number, secret: string): string =>
  createHmac('sha256', secret).update(sessionSubject(spec, user)).digest('base64url')

/** Organisations by their index, the second not included: what one part of the work writes. */
export type Range = { from: number; to: number }

/**
 * The population's organisations of a range, and everything of theirs, as tables; each row is made when it is asked
 * for.
 * @param today midnight UTC of the day that history ends with
 */
export function tablesOf(
  spec: PopulationSpec,
  { from, to }: Range,
  options: { sessionSecret: string; passwordHash: string; today: Date },
): Table[] {
  const { sessionSecret, passwordHash, today } = options
  const at = (days: number) => new Date(today.getTime() + days * day + 9 * 3_600_000)
  const longAgo = at(-400)

  function* organisations(): Iterable<Organisation> {
    for (let index = from; index < to; index++) yield organisationAt(spec, index)
  }
  function* members() {
    for (const organisation of organisations()) {
      for (let user = organisation.firstUser; user < organisation.firstUser + organisation.users; user++) {
        yield { organisation, user: userAt(spec, user) }
      }
    }
  }
  function* projects() {
    for (const organisation of organisations()) {
      for (let p = 0; p < organisation.projects; p++)
        yield { organisation, project: projectAt(spec, organisation.index, p) }
    }
  }
  function* tasks() {
    for (const { organisation, project } of projects()) {
      for (let t = 0; t < project.tasks; t++) {
        const task = taskAt(spec, organisation, project.index, t)
        yield { organisation, project, task, ...datesOf(organisation, project, task) }
      }
    }
  }
  /** Nothing is done before it is begun. */
  function datesOf(organisation: Organisation, project: Project, task: Task) {
    const of = [spec.seed, organisation.index, project.index, task.index] as const
    const created = instant(today, task.createdAgo, ...of, 1)
    const after = (daysAgo: number, what: number) => {
      const when = instant(today, Math.max(1, daysAgo), ...of, what)
      return when > created ? when : new Date(created.getTime() + 3_600_000)
    }
    const done = task.doneAgo === null ? null : after(task.doneAgo, 2)
    return { of, created, done, after }
  }
  function* comments() {
    for (const each of tasks()) {
      for (let index = 0; index < each.task.comments; index++) {
        const { organisation, project, task, of } = each
        const comment = commentAt(spec, organisation, project.index, task, index)
        const when = each.after(comment.createdAgo, 3 + index)
        yield { ...each, comment, when, id: uuidAt(when.getTime(), stream.comment, ...of, index) }
      }
    }
  }

  /** Every task was once created, those that are done were moved there, and some were talked about. */
  function* activity(): Iterable<Row> {
    const entry = (
      {
        organisation,
        project,
        task,
        of,
      }: Omit<ReturnType<typeof datesOf>, 'created'> & {
        organisation: Organisation
        project: Project
        task: Task
      },
      event: number,
      ...[what, user, detail, when]: [what: string, user: number, detail: string, when: Date]
    ): Row => [
      ...[organisation.id, uuid(stream.activity, ...of, event), uuid(stream.outbox, ...of, event)],
      ...[task.id, `${project.key}-${task.number}`, task.title, what, userIdAt(spec, user), detail, when],
    ]
    for (const each of tasks()) {
      const { task, created, done } = each
      yield entry(each, 1, 'created', task.createdBy, '', created)
      if (done) yield entry(each, 2, 'moved', task.assignee ?? task.createdBy, 'review → done', done)
    }
    for (const each of comments()) {
      const { comment, when } = each
      yield entry(each, 10 + comment.index, 'commented', comment.author, '', when)
    }
  }
  function* notifications(): Iterable<Row> {
    for (const { organisation, task, of, created } of tasks()) {
      const { assignee, createdBy } = task
      if (assignee === null || assignee === createdBy || task.status === 'done' || unit(...of, 5) >= told)
        continue
      yield [
        organisation.id,
        uuidAt(created.getTime(), stream.notification, ...of),
        userIdAt(spec, assignee),
        uuid(stream.outbox, ...of, 99),
        'assigned',
        userIdAt(spec, createdBy),
        task.id,
        created,
        unit(...of, 6) < 0.5 ? created : null,
      ]
    }
  }

  const table = (name: string, columns: string, rows: () => Iterable<Row>): Table => ({
    name,
    rows,
    columns: columns.split(' '),
  })
  return [
    table('organisations', 'id name slug plan canary created_at', function* () {
      for (const { id, name, slug, plan, canary } of organisations())
        yield [id, name, slug, plan, canary, longAgo]
    }),
    table('users', 'id email name password_hash email_verified created_at', function* () {
      for (const { user } of members()) {
        const { id, email, name } = user
        yield [id, email, name, passwordHash, longAgo, longAgo]
      }
    }),
    table('memberships', 'org_id user_id role created_at', function* () {
      for (const { user, organisation } of members()) {
        yield [organisation.id, user.id, user.role, longAgo]
        // Later than their own: one signs in to the organisation that one joined first.
        if (user.guestIn !== null) yield [organisationAt(spec, user.guestIn).id, user.id, 'viewer', at(-200)]
      }
    }),
    table('sessions', 'token_hash user_id active_org_id expires_at last_seen_at', function* () {
      for (const { user, organisation } of members()) {
        const token = sessionToken(spec, user.index, sessionSecret)
        const hash = createHash('sha256').update(token).digest('hex')
        // Yesterday: a first visit then costs the same however long ago the seed was.
        yield [hash, user.id, organisation.id, at(sessionDays), at(-1)]
      }
    }),
    table('labels', 'org_id id name colour', function* () {
      for (const organisation of organisations()) {
        for (const { id, name, colour } of labelsOf(spec, organisation.index))
          yield [organisation.id, id, name, colour]
      }
    }),
    table('projects', 'org_id id key name description next_number created_at updated_at', function* () {
      for (const { organisation, project } of projects()) {
        const { id, key, name, description, tasks } = project
        yield [organisation.id, id, key, name, description, tasks + 1, longAgo, longAgo]
      }
    }),
    table(
      'tasks',
      'org_id id project_id number title description status priority assignee_id due_on position created_by created_at updated_at done_at',
      function* () {
        for (const { organisation, project, task, created, done } of tasks()) {
          yield [
            ...[organisation.id, task.id, project.id, task.number, task.title, task.description],
            ...[task.status, task.priority, task.assignee === null ? null : userIdAt(spec, task.assignee)],
            ...[
              task.dueIn === null ? null : at(task.dueIn).toISOString().slice(0, 10),
              positionAt(task.position),
            ],
            ...[userIdAt(spec, task.createdBy), created, done ?? created, done],
          ]
        }
      },
    ),
    table('task_labels', 'org_id task_id label_id', function* () {
      for (const { organisation, task } of tasks()) {
        const known = labelsOf(spec, organisation.index)
        for (const label of task.labels) yield [organisation.id, task.id, known[label]?.id ?? null]
      }
    }),
    table('comments', 'org_id id task_id author_id body created_at', function* () {
      for (const { organisation, task, comment, when, id } of comments()) {
        yield [organisation.id, id, task.id, userIdAt(spec, comment.author), comment.body, when]
      }
    }),
    table('activity', 'org_id id outbox_id task_id task_key task_title kind actor_id detail at', activity),
    table(
      'notifications',
      'org_id id user_id outbox_id kind actor_id task_id created_at read_at',
      notifications,
    ),
  ]
}
