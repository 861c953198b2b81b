import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresAddress, postgresUrl } from '@worklane/data/postgres-address.ts'
import { withPostgres } from '@worklane/data/reach-postgres.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb, type WebBuild } from '../../harness/stack/build.ts'
import { startGuard } from '../../harness/stack/guard.ts'
import { takePortBlock } from '../../harness/stack/ports.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { startWeb } from '../../harness/stack/worklane.ts'

/** What holds for the API and the worker (data/harmless-role.integration.test.ts) holds for Next's process too. */
describe('the web', () => {
  const guard = startGuard()
  const password = `geheim-${randomUUID()}`
  let stack: Stack
  let build: WebBuild
  let logs: string

  beforeAll(async () => {
    ;[stack, build] = await Promise.all([startStack({ parts: ['postgres', 'redis'] }), buildWeb(() => {})])
    logs = await mkdtemp(join(tmpdir(), 'headroom-refused-'))
  })
  afterAll(async () => {
    await stack.stop()
    guard.end()
    await rm(logs, { recursive: true, force: true })
  })

  const administrator = () => postgresAddress('DATABASE_URL', stack.env.DATABASE_URL ?? '')
  const asAdministrator = (text: string) => withPostgres(administrator(), (client) => client.query(text))

  /** @returns what its process wrote before it ended, line by line */
  async function refusal(name: string, env: Record<string, string>): Promise<string[]> {
    const ports = await takePortBlock()
    const logFile = join(logs, `${name}.log`)
    try {
      const start = { guard, env: { ...stack.env, ...env }, mode: 'production', name, build } as const
      await expect(startWeb({ ...start, port: await ports.next(), log: () => logFile })).rejects.toThrow(
        'ended while starting',
      )
    } finally {
      ports.release()
    }
    const text = await readFile(logFile, 'utf8')
    expect(text).not.toContain(password)
    return text.split('\n').filter((line) => line.includes('web does not start'))
  }
  const asRole = async (name: string, attributes: string) => {
    await asAdministrator(`create role ${name} login password '${password}' ${attributes}`)
    return { APP_DATABASE_URL: postgresUrl({ ...administrator(), user: name, password }) }
  }

  it('refuses to start as a superuser', async () => {
    const lines = await refusal('superuser', await asRole('probe_superuser', 'superuser'))
    expect(lines).toEqual([
      expect.stringMatching(/^web does not start: APP_DATABASE_URL signs in as probe_superuser, a superuser/),
    ])
  })

  it('refuses to start as a role with BYPASSRLS', async () => {
    const lines = await refusal('bypassing', await asRole('probe_bypassing', 'bypassrls'))
    expect(lines).toEqual([expect.stringMatching(/probe_bypassing, which has BYPASSRLS/)])
  })

  it('refuses to start as the owner of the tables', async () => {
    const env = await asRole('probe_owner', '')
    await asAdministrator(
      'grant usage on schema public to probe_owner; alter table tasks owner to probe_owner',
    )
    const lines = await refusal('owner', env)
    await asAdministrator('alter table tasks owner to current_user')
    expect(lines).toEqual([expect.stringMatching(/probe_owner, the owner of the table tasks/)])
  })

  it('refuses to start where a tenant table does not force row-level security', async () => {
    await asAdministrator('alter table labels no force row level security')
    const lines = await refusal('unforced', {})
    await asAdministrator('alter table labels force row level security')
    expect(lines).toEqual([expect.stringMatching(/table labels does not force row-level security/)])
  })

  it('refuses to start with a wrong password of the database or of Redis, and says neither', async () => {
    const address = postgresAddress('APP_DATABASE_URL', stack.env.APP_DATABASE_URL ?? '')
    const database = await refusal('database', { APP_DATABASE_URL: postgresUrl({ ...address, password }) })
    expect(database).toEqual([expect.stringMatching(/APP_DATABASE_URL has a wrong user or a wrong password/)])
    const { REDIS_URL = '' } = stack.env
    const redis = await refusal('redis', { REDIS_URL: REDIS_URL.replace('//', `//eve:${password}@`) })
    expect(redis).toEqual([expect.stringMatching(/REDIS_URL has a wrong user or a wrong password/)])
  })

  it('refuses to start with connection strings that are none', async () => {
    const lines = await refusal('none', {
      APP_DATABASE_URL: `host=h password=${password}`,
      REDIS_URL: `redis://:p#${password}@h`,
    })
    expect(lines).toEqual([
      expect.stringMatching(
        /REDIS_URL: holds a #.*APP_DATABASE_URL: is no address|APP_DATABASE_URL: is no address.*REDIS_URL: holds a #/,
      ),
    ])
  })
})
