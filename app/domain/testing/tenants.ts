import { randomUUID } from 'node:crypto'
import { orgId, userId } from '@worklane/data/ids.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import pg from 'pg'
import { type Actor, Role } from '../actor.ts'
import { createSession, resolveActor } from '../sessions/sessions.ts'

export type Tenant = {
  id: string
  canary: string
  project: string
  task: string
  /** A signed-in person of each role. */
  people: Record<Role, { actor: Actor; token: string }>
}

/** The administrator's connection, for tests that must see every tenant. */
export async function asAdministrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new UtcClient({ connectionString: process.env.DATABASE_URL })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Several of them, for a test that asks often; the test ends it. */
export const administratorPool = (max: number) =>
  new pg.Pool({ Client: UtcClient, connectionString: process.env.DATABASE_URL, max })

/** Makes an organisation with a person of each role, a project and a task. */
export async function createTenant(): Promise<Tenant> {
  const tenant = await asAdministrator(async (client) => {
    const insert = async (text: string, values: unknown[]) => (await client.query(text, values)).rows[0]
    const name = `Tenant ${randomUUID().slice(0, 8)}`
    const { id, canary } = await insert(
      "insert into organisations (name, slug, plan) values ($1, $2, 'team') returning id, canary",
      [name, randomUUID()],
    )
    const users: Partial<Record<Role, string>> = {}
    for (const role of Role.options) {
      const user = await insert(
        'insert into users (email, name, email_verified) values ($1, $2, now()) returning id',
        [`${role}.${randomUUID()}@example.test`, `${name} ${role}`],
      )
      await client.query('insert into memberships (org_id, user_id, role) values ($1, $2, $3)', [
        id,
        user.id,
        role,
      ])
      users[role] = user.id
    }
    const project = await insert(
      "insert into projects (org_id, key, name, next_number) values ($1, 'ATL', $2, 2) returning id",
      [id, `Atlas ${canary}`],
    )
    const task = await insert(
      "insert into tasks (org_id, project_id, number, title, position) values ($1, $2, 1, $3, 'a0') returning id",
      [id, project.id, `First ${canary}`],
    )
    return { id, canary, project: project.id, task: task.id, users: users as Record<Role, string> }
  })
  const people = await Promise.all(
    Role.options.map(async (role) => {
      const { token } = await createSession(tenant.users[role], { proved: true })
      const actor: Actor = {
        userId: userId(tenant.users[role]),
        orgId: orgId(tenant.id),
        ...{ role, plan: 'team', readOnlyAt: null, sessionVersion: 1, key: null, requestId: 'test' },
        sessionId: (await resolveActor(token))?.sessionId ?? null,
      }
      return [role, { actor, token }] as const
    }),
  )
  return { ...tenant, people: Object.fromEntries(people) as Tenant['people'] }
}
