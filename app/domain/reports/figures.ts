import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'

const count = z.number().int().nonnegative()

export const Counts = z.object({ open: count, overdue: count, dueSoon: count, doneThisWeek: count })
export const ProjectFigures = z.object({
  id: Id,
  key: z.string(),
  name: z.string(),
  open: count,
  done: count,
})

export type Figures = { counts: z.infer<typeof Counts>; projects: z.infer<typeof ProjectFigures>[] }

/** From the tallies that triggers keep: the rows read are those of days and projects, never those of tasks. */
export async function figuresOf(actor: Actor, mostProjects: number): Promise<Figures> {
  const rows = await tenantDb(actor).read(
    (db) => db.$queryRaw<Figures[]>`
      with here as materialized (select current_day() as today, current_time_zone() as zone),
      mine as materialized (
        select measure, subject, count from tallies where org_id = (select current_org_id())
          and measure in ('todo', 'doing', 'review', 'done', 'open by due day'))
      select
        (select jsonb_build_object(
           'open', coalesce(sum(count) filter (where measure in ('todo', 'doing', 'review')), 0),
           'overdue', coalesce(sum(count) filter (where measure = 'open by due day' and subject < today::text), 0),
           'dueSoon', coalesce(sum(count) filter (where measure = 'open by due day'
                       and subject between today::text and (today + 7)::text), 0),
           'doneThisWeek', (select coalesce(sum(count), 0) from tallies
                       where org_id = (select current_org_id()) and measure = 'done by quarter hour'
                         and subject >= (select quarter_hour((today - 6)::timestamp at time zone zone) from here)))
         from mine, here) as counts,
        (select coalesce(jsonb_agg(to_jsonb(p) order by p.name, p.id), '[]'::jsonb)
         from (select p.id, p.key, p.name,
                 (select coalesce(sum(count), 0) from mine
                  where subject = p.id::text and measure in ('todo', 'doing', 'review')) as open,
                 (select coalesce(sum(count), 0) from mine where subject = p.id::text and measure = 'done') as done
               from projects p where p.org_id = (select current_org_id())
               order by p.name, p.id limit ${mostProjects}) p) as projects`,
  )
  return rows[0] as Figures
}
