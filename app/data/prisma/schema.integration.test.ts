import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

type Column = { table: string; column: string; nullable: boolean }

/** The columns that a Prisma schema speaks of; relations and lists of other models are none. */
function modelColumns(schema: string): Column[] {
  const scalars = new Set(['String', 'Int', 'Float', 'DateTime', 'Json', 'Boolean', 'BigInt'])
  for (const [, name] of schema.matchAll(/^enum (\w+)/gm)) scalars.add(name as string)
  return [...schema.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)].flatMap(([, body = '']) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? ''
    return [...body.matchAll(/^ {2}(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/gm)].flatMap(
      ([, field = '', type = '', , optional, rest = '']) =>
        scalars.has(type)
          ? [{ table, column: /@map\("(\w+)"\)/.exec(rest)?.[1] ?? field, nullable: optional === '?' }]
          : [],
    )
  })
}

const inOrder = (columns: Column[]) =>
  columns.map(({ table, column, nullable }) => `${table}.${column}${nullable ? '?' : ''}`).sort()

describe('the Prisma model', () => {
  let client: pg.Client
  let schema: string

  beforeAll(async () => {
    client = new pg.Client({ connectionString: process.env.DATABASE_URL })
    await client.connect()
    schema = await readFile(join(import.meta.dirname, 'schema.prisma'), 'utf8')
  })
  afterAll(() => client.end())

  /** What the migrations made, of the tables that the model knows. */
  async function databaseColumns(tables: string[]): Promise<Column[]> {
    const { rows } = await client.query(
      `select table_name as "table", column_name as "column", is_nullable = 'YES' as nullable
       from information_schema.columns
       where table_schema = 'public' and is_generated = 'NEVER' and table_name = any($1)`,
      [tables],
    )
    return rows
  }
  const tablesOf = (columns: Column[]) => [...new Set(columns.map(({ table }) => table))]

  it('has every column of its tables, and none that is not there', async () => {
    const model = modelColumns(schema)
    expect(tablesOf(model).sort()).toEqual([
      ...['activity', 'api_keys', 'audit_log', 'comments', 'files', 'invitations', 'labels', 'memberships'],
      ...['notifications', 'organisations', 'outbox', 'projects', 'saved_filters', 'task_labels', 'tasks'],
      ...['users', 'webhook_attempts', 'webhook_deliveries', 'webhook_endpoints', 'webhook_events'],
    ])
    expect(inOrder(model)).toEqual(inOrder(await databaseColumns(tablesOf(model))))
  })

  it('would be seen to differ in a name, or in what may be missing', async () => {
    const actual = inOrder(await databaseColumns(tablesOf(modelColumns(schema))))
    expect(inOrder(modelColumns(schema.replace('@map("due_on")', '@map("due_at")')))).not.toEqual(actual)
    expect(
      inOrder(modelColumns(schema.replace('priority    TaskPriority', 'priority    TaskPriority?'))),
    ).not.toEqual(actual)
    expect(inOrder(modelColumns(schema.replace(/^ {2}canary.*\n/m, '')))).not.toEqual(actual)
  })
})
