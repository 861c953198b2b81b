import { z } from 'zod'
import { operation } from '../operation.ts'
import { personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Day, ShownPerson } from '../tasks/shapes.ts'
import { Counts, figuresOf, ProjectFigures } from './figures.ts'

const count = z.number().int().nonnegative()

export const Report = z
  .object({
    counts: Counts,
    /** By weeks that begin on Monday where the organisation is, the oldest first. */
    throughput: z.array(z.object({ week: Day, done: count })),
    /** Open tasks by person, the most first. */
    workload: z.array(z.object({ person: ShownPerson, open: count })),
    projects: z.array(ProjectFigures),
  })
  .meta({ id: 'Report' })
export type Report = z.infer<typeof Report>

const mostPeople = 30
const mostProjects = 100

export const getReport = operation({
  name: 'report.get',
  rest: 'GET /v1/report',
  summary: 'Open, done and overdue, throughput by week, workload by person, progress by project',
  allow: 'viewer',
  heavy: true,
  input: z.strictObject({ weeks: z.number().int().min(1).max(52).default(12) }),
  output: Report,
  cache: {
    tags: () => [tags.tasks, tags.projects, tags.members, tags.organisation],
    shared: true,
    seconds: 60,
  },
  run: (actor, { weeks }) =>
    tenantDb(actor).read(async (db) => {
      const [figures, throughput, workload] = await Promise.all([
        figuresOf(actor, mostProjects),
        db.$queryRaw<Report['throughput']>`
          with here as materialized (select current_day()::timestamp as today, current_time_zone() as zone),
          weeks as materialized (
            select w::date::text as week, quarter_hour(w at time zone zone) as begins,
              quarter_hour((w + interval '7 days') at time zone zone) as ends
            from here, generate_series(date_trunc('week', today) - make_interval(weeks => ${weeks - 1}::int),
                                       today, interval '7 days') w)
          select week, coalesce(sum(t.count), 0)::int as done
          from weeks left join tallies t on t.org_id = (select current_org_id())
            and t.measure = 'done by quarter hour' and t.subject >= begins and t.subject < ends
          group by week order by week`,
        db.$queryRaw<Report['workload']>`
          select jsonb_build_object('id', u.id, 'name', u.name, 'avatar', u.avatar) as person, t.count::int as open
          from tallies t join users u on u.id = t.subject::uuid
          where t.org_id = (select current_org_id()) and t.measure = 'open by assignee' and t.count > 0
          order by t.count desc, u.name, u.id limit ${mostPeople}`,
      ])
      const people = workload.map(({ person, open }) => ({ person: personOf(person), open }))
      return { ...figures, throughput, workload: people }
    }),
})
