import { z } from 'zod'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Id, TaskStatus, TaskSummary } from '../tasks/shapes.ts'

const shownPerColumn = 15

export const Board = z
  .object({
    project: z.object({ id: Id, key: z.string(), name: z.string(), description: z.string() }),
    columns: z.array(z.object({ status: TaskStatus, total: z.number().int(), tasks: z.array(TaskSummary) })),
  })
  .meta({ id: 'Board' })
export type Board = z.infer<typeof Board>

export const getBoard = operation({
  name: 'board.get',
  rest: 'GET /v1/projects/:projectId/board',
  summary: 'A project with the first tasks of each column',
  allow: 'viewer',
  input: z.strictObject({ projectId: Id }),
  output: Board,
  cache: { tags: (_, { projectId }) => [tags.board(projectId), tags.work], shared: true, seconds: 60 },
  async run(actor, { projectId }) {
    // One statement and one round trip; each column reads its first rows from an index, however many it has.
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<{ board: Board }[]>`
        select jsonb_build_object(
          'project', jsonb_build_object('id', p.id, 'key', p.key, 'name', p.name, 'description', p.description),
          'columns', (
            select jsonb_agg(jsonb_build_object(
              'status', s.status,
              'total', coalesce((select count from tallies
                                 where org_id = p.org_id and measure = s.status::text and subject = p.id::text), 0),
              'tasks', coalesce((
                select jsonb_agg(jsonb_build_object(
                  'id', t.id, 'projectId', t.project_id, 'key', p.key || '-' || t.number, 'title', t.title,
                  'status', t.status, 'priority', t.priority,
                  'assignee', (select jsonb_build_object('id', u.id, 'name', u.name, 'avatar', u.avatar)
                               from users u where u.id = t.assignee_id),
                  'labels', coalesce((
                    select jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name, 'colour', l.colour) order by l.name)
                    from task_labels tl join labels l on l.org_id = tl.org_id and l.id = tl.label_id
                    where tl.org_id = t.org_id and tl.task_id = t.id), '[]'::jsonb),
                  'dueOn', t.due_on, 'position', t.position,
                  'updatedAt', to_char(t.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                ) order by t.position)
                from (select * from tasks t
                      where t.org_id = p.org_id and t.project_id = p.id and t.status = s.status
                      order by t.position limit ${shownPerColumn}) t
              ), '[]'::jsonb)
            ) order by s.status)
            from unnest(enum_range(null::task_status)) as s(status)
          )
        ) as board
        from projects p
        where p.org_id = (select current_org_id()) and p.id = ${projectId}::uuid`,
    )
    if (!rows[0]) throw notFound('project')
    return withPictures(rows[0].board)
  },
})

const withPictures = ({ project, columns }: Board): Board => ({
  project,
  columns: columns.map(({ tasks, ...column }) => ({
    ...column,
    tasks: tasks.map(({ assignee, ...task }) => ({ ...task, assignee: assignee && personOf(assignee) })),
  })),
})
