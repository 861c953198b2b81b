import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentIn, environmentText, exampleFile, writeEnvironmentFile } from './env-file.ts'
import { interpolated } from './interpolation.ts'

describe('the environment file of a deployment', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'worklane-env-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('has a value for every name of the example, and new secrets each time', async () => {
    const example = await readFile(exampleFile, 'utf8')
    const [first, second] = [environmentText(example, {}), environmentText(example, {})].map(environmentIn)
    expect(Object.keys(first ?? {})).toEqual(Object.keys(environmentIn(example)))
    expect(Object.entries(first ?? {}).filter(([, value]) => value === '' || value.includes('$'))).toEqual([])
    const same = Object.keys(first ?? {}).filter((name) => first?.[name] === second?.[name])
    expect(same.filter((name) => /PASSWORD|SECRET|DATABASE_URL|REDIS_URL/.test(name))).toEqual([])
  })

  it('names the roles that the migration will make', async () => {
    const environment = environmentIn(environmentText(await readFile(exampleFile, 'utf8'), {}))
    const admin = postgresAddress('DATABASE_URL', environment.DATABASE_URL ?? '')
    const app = postgresAddress('APP_DATABASE_URL', environment.APP_DATABASE_URL ?? '')
    expect(app).toMatchObject({ host: 'postgres', database: 'worklane' })
    expect(app.user).toMatch(/^worklane_app_[0-9a-f]{12}$/)
    expect(app.password).not.toBe(admin.password)
    expect(postgresAddress('', environment.WORKER_DATABASE_URL ?? '').user).toMatch(/^worklane_worker_/)
  })

  it('is of a database of one’s own where that is given', async () => {
    const databaseUrl = 'postgres://admin:secret@db.example.com:5432/app?sslmode=require'
    const environment = environmentIn(environmentText(await readFile(exampleFile, 'utf8'), { databaseUrl }))
    expect(environment.DATABASE_URL).toBe(databaseUrl)
    expect(postgresAddress('', environment.AUTH_DATABASE_URL ?? '')).toMatchObject({
      host: 'db.example.com',
      tls: { mode: 'require' },
    })
  })

  it.each([
    ['pa$$wORD', 'pa$$wORD'],
    ['pa$\u007bPORT}x', 'pa$\u007bPORT}x'],
    ['$\u007bDATABASE_URL}', '$\u007bDATABASE_URL}'],
    ['pa%24x', 'pa$x'],
  ])('keeps the password %s of one’s own database', async (written, password) => {
    const databaseUrl = `postgres://admin:${written}@db.example.com/app`
    const environment = environmentIn(environmentText(await readFile(exampleFile, 'utf8'), { databaseUrl }))
    const read = interpolated(environment.DATABASE_URL ?? '', environment)
    expect(postgresAddress('DATABASE_URL', read)).toMatchObject({ user: 'admin', password })
  })

  it('is for its owner alone to read, and is never written over', async () => {
    const file = join(directory, '.env')
    await writeEnvironmentFile(file, { origin: 'https://app.example.com' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const before = await readFile(file, 'utf8')
    expect(environmentIn(before)).toMatchObject({
      ORIGIN: 'https://app.example.com',
      S3_PUBLIC_ENDPOINT: 'https://app.example.com',
    })
    await expect(writeEnvironmentFile(file, {})).rejects.toThrow(/is there already/)
    expect(await readFile(file, 'utf8')).toBe(before)
  })
})

/** With a dollar before each brace: in a file of ours a template would be taken for one. */
const dollars = (text: string) => text.replaceAll('{', '\u0024{')

describe('variables in a compose file', () => {
  it.each([
    ['{A}', 'a'],
    ['{NONE}', ''],
    ['{NONE:-else}', 'else'],
    ['{EMPTY:-else}', 'else'],
    ['{A:-else}', 'a'],
    ['{OF_A}/b', 'a:a/b'],
    ['$$A', '$A'],
  ])('are filled in as Compose does: %s', (text, filled) => {
    expect(interpolated(dollars(text), { A: 'a', EMPTY: '', OF_A: dollars('a:{A}') })).toBe(filled)
  })

  it('must be there where that is said, or what to do is', () => {
    expect(() => interpolated(dollars('{NONE:?run this}'), {})).toThrow('NONE is not set')
  })
})
