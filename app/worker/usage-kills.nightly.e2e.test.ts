import { createHash, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { usageOf } from '@headroom/payments-sandbox/resources/meters.ts'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { newKey, prefixOf } from '@worklane/domain/api-keys/secret.ts'
import { ensureCatalogue, meterOf } from '@worklane/domain/billing/catalogue.ts'
import pg from 'pg'
import Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { startGuard } from '../../harness/stack/guard.ts'
import { startRedis } from '../../harness/stack/redis.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { sendUsage } from './usage.ts'

type Run = { sandbox: RunningSandbox; stack: Stack; admin: pg.Pool; organisation: string; key: string }

describe('usage, while API, worker and Redis are killed', () => {
  const ends: (() => Promise<unknown> | unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function begin(faults: string): Promise<Run> {
    const sandbox = await startSandbox({ seed: 'usage kills' })
    ends.push(() => sandbox.close())
    const stack = await startStack({
      ...{ population: null, parts: ['postgres', 'redis', 'api', 'worker'], faults },
      env: {
        ...{ STRIPE_SECRET_KEY: sandbox.secretKey, STRIPE_API_URL: sandbox.origin },
        ...{ STRIPE_WEBHOOK_SECRETS: 'whsec_of_nobody', RATE_LIMIT_SCALE: '100000' },
      },
    })
    ends.push(() => stack.stop())
    stack.onCrash(() => {})
    const admin = new pg.Pool({ Client: UtcClient, connectionString: stack.env.DATABASE_URL, max: 2 })
    admin.on('error', () => {})
    ends.push(() => admin.end())
    return { sandbox, stack, admin, ...(await customer(sandbox, admin)) }
  }

  /** An organisation that pays, since yesterday. */
  async function customer(sandbox: RunningSandbox, admin: pg.Pool) {
    const stripe = stripeOf(sandbox)
    await ensureCatalogue(stripe)
    const { id } = await stripe.customers.create({})
    const key = newKey()
    const { rows } = await admin.query(
      `with org as (insert into organisations (name, slug, plan) values ('Kills', $1, 'team') returning id),
        person as (insert into users (email, name, email_verified) values ($1 || '@example.test', 'P', now()) returning id),
        member as (insert into memberships (org_id, user_id, role) select org.id, person.id, 'owner' from org, person returning org_id, user_id),
        api_key as (insert into api_keys (org_id, name, prefix, key_hash, scopes, created_by, expires_at)
          select org_id, 'K', $2, $3, array['*:read'], user_id, now() + interval '1 day' from member)
       insert into billing_customers (org_id, stripe_id, created_at) select id, $4, now() - interval '1 day' from org
       returning org_id`,
      [randomUUID(), prefixOf(key), createHash('sha256').update(key).digest('hex'), id],
    )
    return { organisation: rows[0].org_id as string, key }
  }

  const stripeOf = ({ host, port, secretKey }: RunningSandbox) =>
    new Stripe(secretKey, { host, port, protocol: 'http' })

  /** Asks on and on. What was not answered may have counted. */
  function asking({ stack, key }: Run) {
    const asked = { answered: 0, unknown: 0 }
    let goesOn = true
    const askers = Array.from({ length: 6 }, async () => {
      while (goesOn) {
        await fetch(`${stack.addresses.api}/v1/me`, {
          headers: { authorization: `Bearer ${key}` },
          signal: AbortSignal.timeout(5_000),
        }).then(
          async (response) => {
            await response.text()
            asked[response.status === 200 ? 'answered' : 'unknown']++
          },
          async () => {
            asked.unknown++
            await setTimeout(20)
          },
        )
      }
    })
    return async () => {
      goesOn = false
      await Promise.all(askers)
      return asked
    }
  }

  const kill = async ({ stack }: Run, name: 'api' | 'worker') => {
    stack.parts.find((part) => part.name === name)?.signal('SIGKILL')
    await stack.restart(name)
  }
  const killRedis = async ({ stack }: Run) => {
    const part = stack.parts.find(({ name }) => name === 'redis')
    part?.signal('SIGKILL')
    await part?.exited
    const { redis } = await provide(['redis'])
    const port = Number(new URL(stack.env.REDIS_URL as string).port)
    const guard = startGuard()
    const again = await startRedis(guard, {
      ...{ program: redis.path, port, directory: stack.logDirectory },
      logFile: `${stack.logDirectory}/redis-again.log`,
    })
    stack.parts.splice(stack.parts.indexOf(part as never), 1, again.part)
    ends.push(async () => {
      await again.part.stop()
      guard.end()
    })
  }

  /** As if what was used until now had been used an hour before, so that it is told. */
  const hourGoesBy = async ({ admin }: Run) => {
    await admin.query("update usage_events set hour = hour - interval '1 hour' where not rolled_up")
    await sendUsage(admin)
  }

  /** What each book says, once nothing waits any more. */
  async function settled(run: Run) {
    const { admin, sandbox, organisation } = run
    const figure = async (text: string) => Number((await admin.query(text)).rows[0].n)
    await expect
      .poll(
        async () => {
          await hourGoesBy(run)
          return figure(
            `select (select count(*) from usage_events where not rolled_up) +
               (select count(*) from usage_hours where sent_at is null) as n`,
          )
        },
        { timeout: 90_000, interval: 1_000 },
      )
      .toBe(0)
    const { rows } = await admin.query('select stripe_id as id from billing_customers where org_id = $1', [
      organisation,
    ])
    const meter = await meterOf(stripeOf(sandbox), 'requests')
    return {
      used: await figure('select sum(used) as n from usage_months'),
      recorded: await figure('select sum(quantity) as n from usage_events'),
      sent: await figure('select sum(quantity) as n from usage_hours where sent_at is not null'),
      atStripe: usageOf(sandbox.sandbox, meter, rows[0].id, { start: 0, end: 4_000_000_000 }),
    }
  }

  async function play(seed: number, faults = '') {
    const run = await begin(faults)
    const control = new SandboxControl(run.sandbox)
    const random = randomOf(seed)
    const stop = asking(run)
    for (let round = 0; round < 7; round++) {
      await setTimeout(300 + 700 * random())
      const [which, isTelling] = [random(), random() < 0.7]
      // An answer of Stripe's that nobody hears, whoever is killed.
      if (isTelling)
        await control.break([{ kind: 'timeout', requests: 1, route: 'POST /v1/billing/meter_events' }])
      await hourGoesBy(run)
      await setTimeout(600 * random())
      if (which < 0.45) await kill(run, 'api')
      else if (which < 0.85) await kill(run, 'worker')
      else await killRedis(run)
    }
    await control.break([])
    const { answered, unknown } = await stop()
    const books = await settled(run)
    console.log(`seed ${seed} ${faults}`, { answered, unknown, ...books })
    return { answered, unknown, ...books }
  }

  it.each([1, 2, 3])('is counted once, and none is lost that was answered: seed %i', async (seed) => {
    const { answered, unknown, used, recorded, sent, atStripe } = await play(seed)
    expect(answered).toBeGreaterThan(100)
    expect(used).toBeGreaterThanOrEqual(answered)
    expect(used).toBeLessThanOrEqual(answered + unknown)
    expect([recorded, sent, atStripe]).toEqual([used, used, used])
  })

  it('is lost where it is counted after the answer: the known-bad case', async () => {
    const { answered, used } = await play(1, 'usage=late')
    expect(used).toBeLessThan(answered)
  })

  it('is told twice where the same hour has another name each time: the known-bad case', async () => {
    const { used, atStripe } = await play(1, 'usage=anew')
    expect(atStripe).toBeGreaterThan(used)
  })
})

/** Numbers from 0 to 1 that follow from a seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
