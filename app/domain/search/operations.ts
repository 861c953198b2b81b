import { z } from 'zod'
import { operation } from '../operation.ts'
import { numberCursor, pageOfItems } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'

export const Found = z
  .object({
    kind: z.enum(['task', 'comment']),
    taskId: Id,
    taskKey: z.string(),
    taskTitle: z.string(),
    /** The words that were found stand between ** and **. */
    excerpt: z.string(),
    rank: z.number(),
  })
  .meta({ id: 'Found' })
export type Found = z.infer<typeof Found>

/** Nobody reads further, and every page deeper would rank all before it again. */
const mostFound = 200

export const search = operation({
  name: 'search.find',
  rest: 'GET /v1/search',
  summary:
    'Tasks and comments that hold the words, best first; "quotes", or and -minus work as in a web search',
  allow: 'viewer',
  heavy: true,
  input: z.strictObject({
    q: line(200),
    // Ranks are no keys: a page begins after so many.
    cursor: numberCursor(mostFound - 1),
    limit: z.number().int().min(1).max(50).default(20),
  }),
  output: pageOfItems(Found),
  async run(actor, { q, cursor, limit }) {
    const skip = Number(cursor ?? 0)
    const most = Math.min(mostFound, skip + limit + 1)
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<Found[]>`
        select f.kind, f.task_id as "taskId", p.key || '-' || t.number as "taskKey", t.title as "taskTitle",
          ts_headline('english', case f.kind when 'task' then t.title || ' — ' || t.description else c.body end,
            q.words, 'StartSel=**, StopSel=**, MaxWords=24, MinWords=8') as excerpt,
          f.rank::float8 as rank
        from websearch_to_tsquery('english', ${q}) as q (words)
        cross join lateral (
          select * from search_work(q.words, ${most}::int) order by rank desc, task_id, comment_id nulls first
          offset ${skip} limit ${limit + 1}) f
        join tasks t on t.org_id = (select current_org_id()) and t.id = f.task_id
        join projects p on p.org_id = t.org_id and p.id = t.project_id
        left join comments c on c.org_id = t.org_id and c.id = f.comment_id
        order by f.rank desc, f.task_id, f.comment_id nulls first`,
    )
    const more = rows.length > limit && skip + limit < mostFound
    return { items: rows.slice(0, limit), nextCursor: more ? String(skip + limit) : null }
  },
})
