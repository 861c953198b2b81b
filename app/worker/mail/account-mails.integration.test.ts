import { randomUUID } from 'node:crypto'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { mailToAccount } from '@worklane/domain/mail/account-mails.ts'
import { sunkMail } from '@worklane/domain/mail/sink.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { Queue } from 'bullmq'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OwnDatabase, ownDatabase } from '../../data/testing/own-database.ts'
import { relayAccountMails, startAccountMails } from './account-mails.ts'
import { sendMail } from './send.ts'

describe('a mail that is of no organisation', () => {
  const inherited = { ...process.env }
  let database: OwnDatabase
  let pool: pg.Pool
  let queue: Queue

  beforeAll(async () => {
    // Of its own: the workers of other tests take whatever waits.
    database = await ownDatabase()
    Object.assign(process.env, { APP_DATABASE_URL: database.urls.app, AUTH_DATABASE_URL: database.urls.auth })
    pool = new pg.Pool({ Client: UtcClient, connectionString: database.urls.relay, max: 4 })
    queue = new Queue(`account-mails-${randomUUID()}`, {
      connection: runtime().redis.duplicate({ maxRetriesPerRequest: null }),
    })
  })
  afterAll(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
    await pool.end()
    await closeRuntime()
    await database.remove()
    Object.assign(process.env, inherited)
  })

  const write = () => {
    const to = `${randomUUID()}@example.test`
    const link = `http://worklane.test/sign-in?token=${randomUUID()}`
    return mailToAccount({ to, template: 'sign-in-link', data: { link } }).then(() => ({ to, link }))
  }
  const waiting = async () =>
    (await database.query('select payload::text as text from account_mails')).rows.map(({ text }) => text)

  it('is moved to the queue once, by several workers, and its link stays nowhere in the database', async () => {
    const written = await Promise.all(Array.from({ length: 20 }, write))
    expect(await waiting()).toHaveLength(20)
    const moved = await Promise.all(Array.from({ length: 4 }, () => relayAccountMails(pool, queue)))
    expect(moved.reduce((sum, count) => sum + count, 0)).toBe(20)
    expect(await waiting()).toEqual([])
    const jobs = await queue.getJobs()
    expect(jobs.map(({ data }) => data.payload.to).sort()).toEqual(written.map(({ to }) => to).sort())
    for (const { data } of jobs) await sendMail(data.payload, data.id)
    const sunk = await sunkMail()
    expect(sunk.find(({ to }) => to === written[0]?.to)).toMatchObject({ link: written[0]?.link })
  })

  it('is enqueued under the same id by whoever comes after a crash', async () => {
    await write()
    const before = await queue.count()
    // Redis has it, and then the transaction does not commit.
    const dying = {
      async addBulk(jobs: Parameters<typeof queue.addBulk>[0]) {
        await queue.addBulk(jobs)
        throw new Error('the worker died')
      },
    }
    await expect(relayAccountMails(pool, dying)).rejects.toThrow('the worker died')
    expect(await waiting()).toHaveLength(1)
    expect(await relayAccountMails(pool, queue)).toBe(1)
    expect((await queue.count()) - before).toBe(1)
  })

  it('waits no longer than a moment, and not at all for one that fails', async () => {
    const failures: unknown[] = []
    let isAway = true
    const intake = {
      addBulk: (jobs: Parameters<typeof queue.addBulk>[0]) =>
        isAway ? Promise.reject(new Error('away')) : queue.addBulk(jobs),
    }
    const stop = startAccountMails(pool, runtime().redis, intake, (error) => failures.push(error))
    await write()
    await expect.poll(() => failures.length, { timeout: 30_000 }).toBeGreaterThan(1)
    isAway = false
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([])
    await stop()
  })

  it('is nothing that the application may read', async () => {
    await expect(runtime().auth.query('select * from account_mails')).rejects.toThrow(
      /permission denied|refused/i,
    )
    await expect(runtime().database.pool.query('select * from account_mails')).rejects.toThrow(
      /permission denied/,
    )
  })
})
