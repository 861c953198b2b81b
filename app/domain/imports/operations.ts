import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { type Actor, mayAct } from '../actor.ts'
import { enqueue, record } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { checkFile } from './check.ts'
import { Import, type ImportRow, importColumns, importOf, importTopic, longestContent } from './shapes.ts'

export const checkImport = operation({
  name: 'import.check',
  rest: 'POST /v1/imports',
  summary: 'Reads a CSV file of tasks and says what is wrong with it, line by line; nothing is added yet',
  allow: 'member',
  heavy: true,
  input: z.strictObject({
    name: line(200).meta({ description: 'Of the file' }),
    content: z
      .string()
      .max(longestContent, `must be at most ${longestContent} characters: split the file`)
      .refine((text) => !text.includes('\0') && text.isWellFormed(), 'must be a text in UTF-8')
      .meta({ description: 'The file itself: CSV, with a heading' }),
  }),
  output: Import,
  prepare: (actor, { content }) => checkFile(actor, content),
  run: (actor, { name }, _key, { lines, problems, problemsTotal }) =>
    tenantDb(actor).transaction(async (tx) => {
      const state = problemsTotal > 0 ? 'refused' : 'checked'
      const [{ id }] = await tx.$queryRaw<[{ id: string }]>`
        insert into imports (org_id, name, state, created_by, rows_total, problems, problems_total)
        values (${actor.orgId}::uuid, ${name}, ${state}, ${actor.userId}::uuid, ${lines.length}::int,
          ${JSON.stringify(problems)}::jsonb, ${problemsTotal}::int)
        returning id`
      await tx.$executeRaw`
        insert into import_lines (org_id, import_id, line, task)
        select ${actor.orgId}::uuid, ${id}::uuid, line, task
        from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as l (line int, task jsonb)`
      record(`import ${id}`, null, { name, rows: lines.length, problems: problemsTotal })
      return importFor(tx, actor, id)
    }),
})

export const applyImport = operation({
  name: 'import.apply',
  rest: 'POST /v1/imports/:importId/apply',
  summary: 'Adds the tasks of a file that was checked and has no mistakes',
  allow: 'member',
  input: z.strictObject({ importId: Id }),
  output: Import,
  run: (actor, { importId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await importFor(tx, actor, importId)
      if (before.state === 'refused')
        throw new Problem('conflict', 'This file has mistakes: put them right, and check it again.')
      const begun = await tx.$executeRaw`
        update imports set state = 'waiting', request_id = ${actor.requestId}, applied_by = ${actor.userId}::uuid
        where org_id = (select current_org_id()) and id = ${importId}::uuid and state = 'checked'`
      // Asked for twice, it is the same import.
      if (begun > 0) enqueue(actor, importTopic, { importId })
      const after = await importFor(tx, actor, importId)
      record(`import ${importId}`, { state: before.state }, { state: after.state })
      return after
    }),
})

export const getImport = operation({
  name: 'import.get',
  rest: 'GET /v1/imports/:importId',
  summary: 'One import: what is wrong with its file, or how far it is',
  allow: 'member',
  input: z.strictObject({ importId: Id }),
  output: Import,
  run: (actor, { importId }) => tenantDb(actor).read((db) => importFor(db, actor, importId)),
})

export const listImports = operation({
  name: 'import.list',
  rest: 'GET /v1/imports',
  summary: 'Your imports, latest first; as an admin those of all',
  allow: 'member',
  input: z.strictObject({ cursor: IdCursor, limit: pageSize }),
  output: pageOfItems(Import),
  async run(actor, { cursor = null, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.$queryRawUnsafe<ImportRow[]>(
        `select ${importColumns} from imports i left join users u on u.id = i.created_by
         where i.org_id = (select current_org_id()) and ${visible} and ($3::uuid is null or i.id < $3::uuid)
         order by i.id desc limit $4::int`,
        ...visibleTo(actor),
        cursor,
        limit + 1,
      ),
    )
    return pageOf(rows, limit, importOf, ({ id }) => id)
  },
})

const visible = '($1::boolean or i.created_by = $2::uuid)'
const visibleTo = (actor: Actor) => [mayAct(actor, 'admin'), actor.userId] as const

/** @throws Problem notFound */
async function importFor(
  db: Pick<Transaction, '$queryRawUnsafe'>,
  actor: Actor,
  id: string,
): Promise<Import> {
  const [row] = await db.$queryRawUnsafe<ImportRow[]>(
    `select ${importColumns} from imports i left join users u on u.id = i.created_by
     where i.org_id = (select current_org_id()) and ${visible} and i.id = $3::uuid`,
    ...visibleTo(actor),
    id,
  )
  if (!row) throw notFound('import')
  return importOf(row)
}
