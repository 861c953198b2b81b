import { z } from 'zod'
import { ActivityItem, activityColumns, activityOf } from '../activity/operations.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { summaryColumns, summaryOf } from '../tasks/rows.ts'
import { Id, TaskSummary } from '../tasks/shapes.ts'

const count = z.number().int().nonnegative()

export const Dashboard = z
  .object({
    counts: z.object({ open: count, overdue: count, dueSoon: count, doneThisWeek: count }),
    mine: z.array(TaskSummary),
    projects: z.array(z.object({ id: Id, key: z.string(), name: z.string(), open: count, done: count })),
    activity: z.array(ActivityItem),
  })
  .meta({ id: 'Dashboard' })
export type Dashboard = z.infer<typeof Dashboard>

export const getDashboard = operation({
  name: 'dashboard.get',
  rest: 'GET /v1/dashboard',
  summary: 'Your open work, your organisation in figures, and what happened lately',
  allow: 'viewer',
  input: z.strictObject({}),
  output: Dashboard,
  run: (actor) =>
    work(actor).read(async (db) => {
      const [figures, mine, activity] = await Promise.all([
        db.$queryRaw<Pick<Dashboard, 'counts' | 'projects'>[]>`
          select
            (select jsonb_build_object(
               'open', count(*),
               'overdue', count(*) filter (where due_on < current_date),
               'dueSoon', count(*) filter (where due_on between current_date and current_date + 7),
               'doneThisWeek', (select count(*) from tasks d
                                where d.org_id = (select current_org_id()) and d.status = 'done'
                                  and d.done_at > now() - interval '7 days'))
             from tasks t where t.org_id = (select current_org_id()) and t.status <> 'done') as counts,
            (select coalesce(jsonb_agg(to_jsonb(p) order by p.name), '[]'::jsonb)
             from (select p.id, p.key, p.name,
                     (select count(*) from tasks t where t.org_id = p.org_id and t.project_id = p.id
                        and t.status in ('todo', 'doing', 'review')) as open,
                     (select count(*) from tasks t where t.org_id = p.org_id and t.project_id = p.id
                        and t.status = 'done') as done
                   from projects p where p.org_id = (select current_org_id())
                   order by p.name, p.id limit 8) p) as projects`,
        db.task.findMany({
          relationLoadStrategy: 'join',
          where: { assigneeId: actor.userId, status: { not: 'done' } },
          orderBy: [{ dueOn: { sort: 'asc', nulls: 'last' } }, { id: 'asc' }],
          take: 10,
          select: summaryColumns,
        }),
        db.activity.findMany({
          relationLoadStrategy: 'join',
          orderBy: [{ at: 'desc' }, { id: 'desc' }],
          take: 6,
          select: activityColumns,
        }),
      ])
      const { counts, projects } = figures[0] as Pick<Dashboard, 'counts' | 'projects'>
      return { counts, projects, mine: mine.map(summaryOf), activity: activity.map(activityOf) }
    }),
})
