import { Effects } from '@worklane/domain/effects.ts'
import { execute, perform } from '@worklane/domain/execute.ts'
import { channelOf } from '@worklane/domain/live/channel.ts'
import { listMembers, setRole } from '@worklane/domain/members/operations.ts'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { resolveActor } from '@worklane/domain/sessions/sessions.ts'
import { tokenHash } from '@worklane/domain/sessions/token.ts'
import { moveTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetAgain, forgetOnce, pruneForgetting, startForgetting } from './forgetting.ts'

describe('what no writer got to forgetting', () => {
  const redis = new Redis(process.env.REDIS_URL ?? '')
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  let tenant: Tenant

  beforeEach(async () => {
    vi.restoreAllMocks()
    tenant = await createTenant()
  })
  afterAll(async () => {
    await Promise.allSettled([pool.end(), redis.quit(), closeRuntime()])
  })

  /** A write of a process that dies right after the commit. */
  async function andDie(asked: unknown, input: unknown): Promise<void> {
    const dying = vi.spyOn(Effects.prototype, 'afterCommit').mockRejectedValue(new Error('the process died'))
    await expect(perform(asked as AnyOperation, tenant.people.owner.actor, input)).rejects.toThrow('died')
    dying.mockRestore()
  }

  const roleOf = async (id: string) =>
    (await execute(listMembers, tenant.people.owner.actor, {})).items.find((each) => each.id === id)?.role

  /** Makes what there is a minute older, and does all of it. */
  async function forgetAll(): Promise<void> {
    await asAdministrator((client) =>
      client.query("update cache_outbox set created_at = created_at - interval '1 minute'"),
    )
    while ((await forgetOnce(pool, redis)) > 0);
  }

  it('is forgotten by the worker: an answer that was kept', async () => {
    const memberId = tenant.people.member.actor.userId
    expect(await roleOf(memberId)).toBe('member')
    await andDie(setRole, { memberId, role: 'viewer' })
    expect(await roleOf(memberId)).toBe('member')
    await forgetAll()
    expect(await roleOf(memberId)).toBe('viewer')
  })

  it('is forgotten by the worker: a session that Redis got back', async () => {
    const { token, actor } = tenant.people.member
    await resolveActor(token)
    const snapshot = (await redis.get(`session:${tokenHash(token)}`)) ?? ''
    expect(snapshot).toContain(actor.userId)
    await asAdministrator((client) => client.query('delete from sessions where user_id = $1', [actor.userId]))
    await forgetAll()
    expect(await resolveActor(token)).toBeNull()
    await redis.set(`session:${tokenHash(token)}`, snapshot, 'EX', 300)
    expect(await resolveActor(token)).not.toBeNull()
    await forgetAgain(pool)
    await forgetAll()
    expect(await resolveActor(token)).toBeNull()
  })

  it('waits for a Redis that is away', async () => {
    const memberId = tenant.people.member.actor.userId
    await roleOf(memberId)
    await andDie(setRole, { memberId, role: 'viewer' })
    await asAdministrator((client) =>
      client.query("update cache_outbox set created_at = created_at - interval '1 minute'"),
    )
    const away = new Redis({ port: 1, maxRetriesPerRequest: 0, retryStrategy: () => null })
    away.on('error', () => {})
    await expect(forgetOnce(pool, away)).rejects.toThrow()
    away.disconnect()
    await forgetAll()
    expect(await roleOf(memberId)).toBe('viewer')
  })

  it('is not forgotten again where the writer did it', async () => {
    const { owner, member } = tenant.people
    await execute(setRole, owner.actor, { memberId: member.actor.userId, role: 'viewer' })
    const generation = () => redis.get(`cache:{${tenant.id}}/members`)
    const before = await generation()
    expect(before).not.toBeNull()
    await forgetAll()
    expect(await generation()).toBe(before)
  })

  it('makes who watches a board look at it anew', async () => {
    const listener = redis.duplicate()
    const heard: string[] = []
    listener.on('message', (_, text) => heard.push(text))
    await listener.subscribe(channelOf(tenant.people.owner.actor, tenant.project))
    await andDie(moveTask, { taskId: tenant.task, status: 'doing' })
    expect(heard).toEqual([])
    await forgetAll()
    await expect.poll(() => heard.map((text) => JSON.parse(text).event)).toEqual(['open'])
    await listener.quit()
  })

  it('is done by itself, and removed when it is repeated no more', async () => {
    const stop = startForgetting(pool, redis, () => {})
    await andDie(setRole, { memberId: tenant.people.member.actor.userId, role: 'viewer' })
    await expect.poll(() => roleOf(tenant.people.member.actor.userId)).toBe('viewer')
    await stop()
    await forgetAll()
    await pruneForgetting(pool)
    const young = await asAdministrator((client) => client.query('select from cache_outbox'))
    expect(young.rowCount).toBeGreaterThan(0)
    await asAdministrator((client) =>
      client.query("update cache_outbox set created_at = created_at - interval '1 hour'"),
    )
    expect(await pruneForgetting(pool)).toBeGreaterThan(0)
    expect(runtime().redis.status).toBe('ready')
  })
})
