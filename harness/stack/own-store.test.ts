import { afterEach, describe, expect, it } from 'vitest'
import { UsageError } from '../plan/usage.ts'
import { ownStore } from './own-store.ts'
import { givenOfStripe, ownStripe } from './own-stripe.ts'

const marker = 'geheim'
const names = [
  ...['DATABASE_URL', 'S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_REGION'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_API_URL', 'STRIPE_WEBHOOK_SECRETS'],
]
const inherited = Object.fromEntries(names.flatMap((name) => [[name, process.env[name] ?? '']]))
const set = (values: Record<string, string>) => {
  for (const name of names) delete process.env[name]
  Object.assign(process.env, values)
}
afterEach(() => Object.assign(process.env, inherited))

const whole = {
  DATABASE_URL: 'postgres://127.0.0.1/x',
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_BUCKET: `${marker}-1`,
  S3_ACCESS_KEY_ID: marker,
  S3_SECRET_ACCESS_KEY: marker,
}
const { DATABASE_URL: _, ...withoutDatabase } = whole

describe('an object store of the user’s own', () => {
  it('is none where nothing is set', async () => {
    set({})
    expect(await ownStore()).toBe(null)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'without a database of theirs, which alone knows whose its files are',
      withoutDatabase,
      /^S3_ENDPOINT is set and DATABASE_URL is not: .* — set DATABASE_URL .*, or unset S3_ENDPOINT/,
    ],
    [
      'set in part',
      { DATABASE_URL: whole.DATABASE_URL, S3_ENDPOINT: `https://${marker}.invalid` },
      /and S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY is not set — set what is missing/,
    ],
    ['whose address is none', { ...whole, S3_ENDPOINT: marker }, /^S3_ENDPOINT: .* — correct it/],
    ['where nothing listens', whole, /^S3_ENDPOINT leads to no object store that answers/],
  ])('is refused in one line that holds nothing of it: %s', async (_, values, line) => {
    set(values)
    const error = await ownStore().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(UsageError)
    const said = (error as UsageError).line
    expect(said).toMatch(line)
    expect(said).not.toContain('\n')
    expect(said).not.toContain(marker)
  })
})

describe('an account at Stripe of the user’s own', () => {
  it('is taken whole, as far as it is set', () => {
    const given = { STRIPE_SECRET_KEY: 'sk_test_theirs', STRIPE_WEBHOOK_SECRETS: 'whsec_theirs' }
    set(given)
    expect([ownStripe(), givenOfStripe()]).toEqual([given, given])
    set({})
    expect(ownStripe()).toBe(null)
  })

  it('is refused without its key', () => {
    set({ STRIPE_API_URL: 'http://127.0.0.1:1' })
    expect(() => ownStripe()).toThrow('STRIPE_API_URL is set and STRIPE_SECRET_KEY is not')
  })
})
