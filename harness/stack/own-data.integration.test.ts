import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { seedDatabase } from '@headroom/seed/seed.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkoutSecret } from './secrets.ts'
import { type PartName, type StackOptions, startStack } from './stack.ts'

const population: PopulationSpec = { seed: 1, organisations: 6, users: 120 }
const paying = Array.from({ length: population.organisations }, (_, index) =>
  organisationAt(population, index),
).filter(({ plan }) => plan !== 'free')

/** What is the user's own, of what this test run set for itself. */
const names = [
  ...['DATABASE_URL', 'REDIS_URL', 'S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_API_URL', 'STRIPE_WEBHOOK_SECRETS'],
]

describe('a stack on a database of the user’s own', () => {
  const inherited = { ...process.env }
  let database: OwnDatabase

  beforeAll(async () => {
    database = await ownDatabase()
    await seedDatabase(database.adminUrl, population, {
      sessionSecret: await checkoutSecret('session-secret'),
      onProgress: () => {},
    })
    for (const name of names) delete process.env[name]
    process.env.DATABASE_URL = database.adminUrl
  })
  afterEach(() => {
    for (const name of names.filter((each) => each !== 'DATABASE_URL')) delete process.env[name]
  })
  afterAll(async () => {
    Object.assign(process.env, inherited)
    await database.remove()
  })

  /** Starts one, and stops it. */
  async function started(parts: readonly PartName[], more: Partial<StackOptions> = {}) {
    const lines: string[] = []
    const stack = await startStack({ mode: 'test', parts, say: (line) => lines.push(line), ...more })
    await stack.stop()
    const { env, payments } = stack
    return { env, payments, parts: stack.parts.map(({ name }) => name), said: lines.join('\n') }
  }
  const customers = async () =>
    (await database.query('select org_id, stripe_id from billing_customers order by 1')).rows

  it('has no files where their store is not given, and a store of its own where a test wants one', async () => {
    const { env, parts, said } = await started(['postgres', 'store'])
    expect([env.S3_ENDPOINT, parts]).toEqual([undefined, []])
    expect(said).toMatch(/^files are off: .*set S3_ENDPOINT/m)
    const ofTests = await started(['postgres', 'store'], { storeOfItsOwn: true })
    expect([ofTests.parts, ofTests.said]).toEqual([['store'], expect.not.stringContaining('files are off')])
  })

  it('takes the user’s own account at Stripe, and never the half of one', async () => {
    process.env.STRIPE_WEBHOOK_SECRETS = 'whsec_theirs'
    await expect(started(['postgres', 'payments'])).rejects.toThrow(
      'STRIPE_WEBHOOK_SECRETS is set and STRIPE_SECRET_KEY is not',
    )
    process.env.STRIPE_SECRET_KEY = 'sk_test_theirs'
    const { env, payments, parts } = await started(['postgres', 'payments'])
    expect([payments, parts]).toEqual([null, []])
    expect(env).toMatchObject({
      STRIPE_SECRET_KEY: 'sk_test_theirs',
      STRIPE_WEBHOOK_SECRETS: 'whsec_theirs',
    })
    expect(env).not.toHaveProperty('STRIPE_API_URL')
  })

  const whole = ['postgres', 'redis', 'payments', 'api', 'worker'] as const

  it('forgets the customers of an earlier sandbox, and nobody else’s', { timeout: 180_000 }, async () => {
    expect((await started(whole, { population })).said).toContain('organisations have subscribed')
    const first = await customers()
    expect(first.length).toBe(paying.length)
    // The same again, with another sandbox: its customers take the place of these.
    expect((await started(whole, { population })).payments).not.toBe(null)
    const second = await customers()
    expect(second.map(({ org_id }) => org_id)).toEqual(first.map(({ org_id }) => org_id))
    expect(second).not.toEqual(first)

    // One of them pays Stripe itself.
    await database.query(
      `update billing_customers set stripe_id = 'cus_real' where org_id = '${paying[0]?.id}'`,
    )
    const entries = async () =>
      (await database.query('select count(*)::int as count from ledger_entries')).rows
    const [before, booked] = [await customers(), await entries()]
    const third = await started(whole, { population })
    expect(third.payments).toBe(null)
    expect(third.env).not.toHaveProperty('STRIPE_SECRET_KEY')
    expect(third.said).toMatch(/^billing is off: the database holds customers whom no sandbox made/m)
    expect([await customers(), await entries()]).toEqual([before, booked])
  })

  it('starts no sandbox where a customer of Stripe’s is still to be ended there', async () => {
    await database.query('delete from billing_customers')
    const ended = "select stripe_id from ended_customers where stripe_id = 'cus_real'"
    expect((await database.query(ended)).rowCount).toBe(1)
    expect((await started(['postgres', 'payments'])).said).toMatch(/^billing is off/m)
    await database.query("delete from ended_customers where stripe_id = 'cus_real'")
    expect((await started(['postgres', 'payments'])).payments).not.toBe(null)
  })
})
