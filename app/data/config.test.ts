import { describe, expect, it } from 'vitest'
import { readEnvironment } from './config.ts'

const least = {
  ORIGIN: 'http://127.0.0.1:3000',
  REDIS_URL: 'redis://127.0.0.1:6379',
  APP_DATABASE_URL: 'postgres://app:secret@127.0.0.1:5432/worklane',
}
const store = {
  S3_ENDPOINT: 'http://127.0.0.1:7070',
  S3_BUCKET: 'worklane-files',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
}

describe('the environment of files', () => {
  it('may be missing as a whole, and then there are none', () => {
    expect(readEnvironment('domain', least).S3_ENDPOINT).toBeUndefined()
  })

  it('is taken when it is whole', () => {
    expect(readEnvironment('domain', { ...least, ...store })).toMatchObject(store)
  })

  it('is refused in part, with each variable that is missing', () => {
    const { S3_BUCKET: _, ...rest } = store
    expect(() => readEnvironment('domain', { ...least, ...rest })).toThrow(
      'S3_BUCKET: is not set, and files need all of S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY',
    )
  })

  it('is refused with an address or a bucket that is none', () => {
    const wrong = { ...store, S3_ENDPOINT: 'minio', S3_BUCKET: 'My Files' }
    expect(() => readEnvironment('domain', { ...least, ...wrong })).toThrow(
      /S3_ENDPOINT: .*S3_BUCKET: is no name of a bucket/,
    )
  })
})

describe('the environment of webhooks', () => {
  const keys = ['k'.repeat(32), 'l'.repeat(40)]

  it('may be missing, and then there are none', () => {
    expect(readEnvironment('domain', least)).toMatchObject({ WEBHOOKS_ALLOW_PRIVATE: false })
    expect(readEnvironment('domain', least).ENCRYPTION_KEYS).toBeUndefined()
  })

  it('names one key, or two while one takes the place of the other', () => {
    const read = (text: string) =>
      readEnvironment('domain', { ...least, ENCRYPTION_KEYS: text }).ENCRYPTION_KEYS
    expect(read(keys[0] ?? '')).toEqual([keys[0]])
    expect(read(keys.join(', '))).toEqual(keys)
    expect(() => read('short')).toThrow('ENCRYPTION_KEYS.0: has a key that is shorter than 32 characters')
    expect(() => read([...keys, keys[0]].join(','))).toThrow('ENCRYPTION_KEYS: names more than two')
  })

  it('lets them go to private addresses for development alone', () => {
    const open = { ...least, WEBHOOKS_ALLOW_PRIVATE: '1' }
    expect(readEnvironment('domain', { ...open, WORKLANE_ENV: 'test' })).toMatchObject({
      WEBHOOKS_ALLOW_PRIVATE: true,
    })
    expect(() => readEnvironment('domain', open)).toThrow(
      'WEBHOOKS_ALLOW_PRIVATE: is for development and tests, and WORKLANE_ENV is production; unset it',
    )
  })
})

describe('the origin', () => {
  it.each([
    'https://app.example.com/',
    'https://app.example.com/app',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://user:TOPSECRET@app.example.com',
    'https://app.example.com?a',
    'app.example.com',
    'localhost:3000',
    '//app.example.com',
    'https://',
    'ftp://app.example.com',
  ])('is refused as %s, which is not what browsers send', (ORIGIN) => {
    const read = () => readEnvironment('api', { ...least, ORIGIN })
    expect(read).toThrow(/ORIGIN: must be scheme and host alone/)
    expect(read).not.toThrow(/TOPSECRET/)
  })

  it.each(['https://app.example.com', 'http://127.0.0.1:3000', 'http://[::1]:8080'])(
    'is taken as %s',
    (ORIGIN) => {
      expect(readEnvironment('domain', { ...least, ORIGIN }).ORIGIN).toBe(ORIGIN)
    },
  )
})

describe('the environment of production', () => {
  const worker = {
    ...{ PORT: '5000', RELAY_DATABASE_URL: 'postgres://relay:secret@127.0.0.1:5432/worklane' },
    ...least,
  }

  it('is refused where nobody could be sent a mail', () => {
    expect(() => readEnvironment('worker', worker)).toThrow(/SMTP_URL: is not set, and in production nobody/)
    expect(readEnvironment('worker', { ...worker, SMTP_URL: 'smtp://mail.test' }).SMTP_URL).toBeDefined()
    expect(readEnvironment('worker', { ...worker, WORKLANE_ENV: 'test' }).SMTP_URL).toBeUndefined()
  })

  it('takes what is set to nothing for not set', () => {
    const empty = { STRIPE_API_URL: '', S3_BUCKET: '', DATABASE_POOL: '', SMTP_URL: 'smtp://mail.test' }
    const read = readEnvironment('worker', { ...worker, ...empty })
    expect([read.STRIPE_API_URL, read.S3_BUCKET, read.DATABASE_POOL]).toEqual([undefined, undefined, 10])
    expect(() => readEnvironment('worker', { ...worker, ...empty, ORIGIN: '' })).toThrow(/ORIGIN: /)
  })
})
