import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { queueNames } from '@worklane/data/queues.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { execute } from '@worklane/domain/execute.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { moveTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGuard } from '../../harness/stack/guard.ts'
import { launch, type Part } from '../../harness/stack/part.ts'
import { type PortBlock, takePortBlock } from '../../harness/stack/ports.ts'
import { startRedis } from '../../harness/stack/redis.ts'
import { provide } from '../../harness/toolchain/provide.ts'

describe('a worker whose Redis', () => {
  const guard = startGuard()
  let directory: string
  let ports: PortBlock
  let redis: Awaited<ReturnType<typeof startRedis>>
  let worker: Part
  let address: string
  let tenant: Tenant
  let database: OwnDatabase
  const shared = { ...process.env }

  beforeAll(async () => {
    // It would do what the other tests' writes wait for.
    database = await ownDatabase()
    const { app, auth, relay, worker: own } = database.urls
    Object.assign(process.env, {
      ...{ DATABASE_URL: database.adminUrl, APP_DATABASE_URL: app, AUTH_DATABASE_URL: auth },
      ...{ RELAY_DATABASE_URL: relay, WORKER_DATABASE_URL: own },
    })
    directory = await mkdtemp(join(tmpdir(), 'worker-away-'))
    ports = await takePortBlock()
    const { redis: program } = await provide(['redis'])
    const logFile = join(directory, 'redis.log')
    redis = await startRedis(guard, { program: program.path, port: await ports.next(), directory, logFile })
    tenant = await createTenant()
    // It takes what comes in, and answers nothing: worse than one that refuses.
    redis.part.signal('SIGSTOP')
    ;[worker, address] = await startWorker(redis.url)
  })
  afterAll(async () => {
    redis.part.signal('SIGCONT')
    await worker.stop()
    await redis.part.stop()
    guard.end()
    ports.release()
    await rm(directory, { recursive: true, force: true })
    await closeRuntime()
    Object.assign(process.env, shared)
    await database.remove()
  })

  async function startWorker(redisUrl: string): Promise<[worker: Part, address: string]> {
    const port = String(await ports.next())
    const started = launch(guard, {
      ...{ name: 'worker', command: process.execPath, args: [join(import.meta.dirname, 'main.ts')] },
      env: { ...(process.env as Record<string, string>), REDIS_URL: redisUrl, PORT: port },
      logFile: join(directory, `worker-${port}.log`),
    })
    return [started, `http://127.0.0.1:${port}`]
  }
  const statusOf = async (path: string, of = address) =>
    (await fetch(of + path, { signal: AbortSignal.timeout(5_000) }).catch(() => null))?.status
  const asked = async (text: string, values: unknown[] = []) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)

  it('hangs at its start lives, and says that it is not ready', async () => {
    await expect.poll(() => statusOf('/healthz'), { timeout: 30_000 }).toBe(200)
    for (let n = 0; n < 3; n++) expect(await statusOf('/readyz')).toBe(503)
  })

  it('hangs holds no transaction of the database open for longer than its patience', {
    timeout: 60_000,
  }, async () => {
    // From the middle of its work.
    redis.part.signal('SIGCONT')
    await expect.poll(() => statusOf('/readyz'), { timeout: 30_000 }).toBe(200)
    redis.part.signal('SIGSTOP')
    await execute(moveTask, tenant.people.owner.actor, { taskId: tenant.task, status: 'doing' })
    let longest = 0
    for (let n = 0; n < 14; n++) {
      const [{ age }] = (await asked(
        `select coalesce(max(extract(epoch from now() - xact_start)), 0)::float8 as age from pg_stat_activity
         where application_name = 'worklane-relay' and datname = current_database()`,
      )) as [{ age: number }]
      longest = Math.max(longest, age)
      await new Promise((resolve) => setTimeout(resolve, 600))
    }
    expect(longest).toBeGreaterThan(0.5)
    expect(longest).toBeLessThan(9)
  })

  it('answers again goes on where it was, with its schedules', { timeout: 60_000 }, async () => {
    redis.part.signal('SIGCONT')
    await expect.poll(() => statusOf('/readyz'), { timeout: 30_000 }).toBe(200)
    const waiting = () => asked('select from outbox where org_id = $1 and relayed_at is null', [tenant.id])
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([])
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
    const schedules = new Queue('schedules', { connection })
    const names = async () => (await schedules.getJobSchedulers()).map(({ key }) => key).sort()
    await expect
      .poll(names, { timeout: 30_000 })
      .toEqual([
        'bind-bucket',
        'empty-removed-files',
        'plan-digests',
        'prune-outbox',
        'prune-webhooks',
        'relay-unsettled',
        'remove-file-orphans',
        'send-due-webhooks',
        'sweep-exports',
        'sweep-files',
      ])
    // What removes files does not begin with it: who started it on the wrong database has an hour to see so.
    const { next = 0 } = (await schedules.getJobScheduler('remove-file-orphans')) ?? {}
    expect(next - Date.now()).toBeGreaterThan(50 * 60_000)
    await schedules.close()
    await connection.quit()
  })

  it('has no room for the connections of its queues is not ready, though it answers', {
    timeout: 60_000,
  }, async () => {
    const administrator = new Redis(redis.url)
    const taken = String(await administrator.client('LIST'))
      .trim()
      .split('\n').length
    // Two, and one of each queue's worker, by which it waits for jobs: the last one of these finds no room.
    await administrator.config('SET', 'maxclients', taken + 1 + queueNames.length)
    const [other, at] = await startWorker(redis.url)
    await expect.poll(() => statusOf('/healthz', at), { timeout: 20_000 }).toBe(200)
    for (let n = 0; n < 6; n++) {
      expect(await statusOf('/readyz', at)).toBe(503)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    await administrator.config('SET', 'maxclients', 1_000)
    await expect.poll(() => statusOf('/readyz', at), { timeout: 20_000 }).toBe(200)
    await other.stop()
    await administrator.quit()
  })

  it('may remove jobs to have room is refused, and says what to set', { timeout: 60_000 }, async () => {
    const administrator = new Redis(redis.url)
    await administrator.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const [other, at] = await startWorker(redis.url)
    await expect.poll(() => statusOf('/healthz', at), { timeout: 20_000 }).toBe(200)
    const log = join(directory, `worker-${new URL(at).port}.log`)
    await expect
      .poll(() => readFile(log, 'utf8'), { timeout: 20_000 })
      .toMatch(/set maxmemory-policy to noeviction/)
    for (let n = 0; n < 4; n++) {
      expect(await statusOf('/readyz', at)).toBe(503)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    await other.stop()
    await administrator.config('SET', 'maxmemory-policy', 'noeviction')
    const [ready, readyAt] = await startWorker(redis.url)
    await expect.poll(() => statusOf('/readyz', readyAt), { timeout: 20_000 }).toBe(200)
    await ready.stop()
    await administrator.quit()
  })

  it('is away stops when it is told to', { timeout: 60_000 }, async () => {
    await redis.part.stop()
    await expect.poll(() => statusOf('/readyz'), { timeout: 20_000 }).toBe(503)
    worker.signal('SIGTERM')
    const gaveUp = new Promise((resolve) => setTimeout(resolve, 20_000, 'it still runs'))
    expect(await Promise.race([worker.exited, gaveUp])).not.toBe('it still runs')
  })
})
