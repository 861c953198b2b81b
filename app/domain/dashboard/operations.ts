import { z } from 'zod'
import { ActivityItem, activityColumns, activityOf } from '../activity/operations.ts'
import { operation } from '../operation.ts'
import { Counts, figuresOf, ProjectFigures } from '../reports/figures.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { summaryColumns, summaryOf } from '../tasks/rows.ts'
import { TaskSummary } from '../tasks/shapes.ts'

export const Dashboard = z
  .object({
    counts: Counts,
    mine: z.array(TaskSummary),
    projects: z.array(ProjectFigures),
    activity: z.array(ActivityItem),
  })
  .meta({ id: 'Dashboard' })
export type Dashboard = z.infer<typeof Dashboard>

const mostProjects = 8

export const getDashboard = operation({
  name: 'dashboard.get',
  rest: 'GET /v1/dashboard',
  summary: 'Your open work, your organisation in figures, and what happened lately',
  allow: 'viewer',
  input: z.strictObject({}),
  output: Dashboard,
  cache: {
    tags: () => [tags.tasks, tags.projects, tags.work, tags.organisation],
    shared: false,
    seconds: 60,
  },
  run: (actor) =>
    tenantDb(actor).read(async (db) => {
      const [figures, mine, activity] = await Promise.all([
        figuresOf(actor, mostProjects),
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
      return { ...figures, mine: mine.map(summaryOf), activity: activity.map(activityOf) }
    }),
})
