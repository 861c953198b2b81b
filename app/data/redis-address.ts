import { Redis, type RedisOptions } from 'ioredis'
import { assertPlain, parametersOf } from './connection-text.ts'
import { mayPass, RefusedConnection, refusedBecause } from './refused-connection.ts'

const form = {
  // A path is a Unix socket's. ioredis takes REDISS:// for a connection without TLS.
  scheme: /^(rediss?:\/\/|\/)/,
  example: 'redis://user:password@host:port/number, rediss://… for TLS',
}

/**
 * Reads a connection string by ioredis itself.
 * @throws RefusedConnection when it cannot be kept as its owner means it
 */
export function redisAddress(variable: string, given: string): RedisOptions {
  const text = given.trim()
  assertPlain(variable, text, form)
  const query = parametersOf(variable, text, ['db', 'family', 'username', 'password'])
  const path = text.startsWith('/') ? '' : (/^[^:]+:\/\/[^/?]*([^?]*)/.exec(text)?.[1] ?? '')
  for (const number of [path.replace(/^\//, ''), query.db ?? ''])
    if (!/^\d{0,5}$/.test(number))
      throw new RefusedConnection(
        variable,
        'has a database that is no number',
        'write a number after the /, or none; with a password that holds a /, write that as %2F',
      )
  if (!/^[046]$/.test(query.family ?? '0'))
    throw new RefusedConnection(variable, 'has a family that is none', 'write family=4 or family=6')
  const options = readOptions(variable, text)
  if (!options.path && !/^[a-z]+:\/\/([^@/?]*@)?[^:/?]/.test(text))
    throw new RefusedConnection(variable, 'names no host', `write ${form.example}`)
  return options
}

/** Nothing is connected yet: that is when ioredis reads the string. */
function readOptions(variable: string, text: string): RedisOptions {
  try {
    const { host, port, path, username, password, db, family, tls } = new Redis(text, { lazyConnect: true })
      .options
    return {
      ...(path ? { path } : { host, port }),
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...{ db, family },
      ...(tls ? { tls } : {}),
    } as RedisOptions
  } catch {
    throw new RefusedConnection(
      variable,
      'cannot be read as a URL',
      `write ${form.example}, with : as %3A, / as %2F, # as %23, @ as %40 and % as %25 in user and password`,
    )
  }
}

/** As a process starts: a server that does not answer yet may do so later. @throws RefusedConnection */
export async function assertRedis(variable: string, text: string): Promise<void> {
  await signIn(variable, text).catch((error: unknown) => {
    if (!mayPass(error)) throw refusedBecause(variable, error)
  })
}

/**
 * @param whatElse another thing to do than to correct the string
 * @throws RefusedConnection when Redis cannot be used
 */
export async function reachRedis(variable: string, text: string, whatElse = ''): Promise<void> {
  await signIn(variable, text).catch((error: unknown) => {
    throw refusedBecause(variable, error, whatElse)
  })
}

/** Signs in as Worklane does, and chooses the database: where that fails, ioredis goes on in number 0. */
async function signIn(variable: string, text: string): Promise<void> {
  const address = redisAddress(variable, text)
  const redis = new Redis({
    ...address,
    ...{ lazyConnect: true, connectTimeout: 5_000, commandTimeout: 5_000, enableReadyCheck: false },
    ...{ maxRetriesPerRequest: 0, retryStrategy: () => null },
  })
  let first: unknown
  redis.on('error', (error) => {
    first ??= error
  })
  try {
    await redis.connect()
    await redis.select(address.db ?? 0)
    // The queues ask for its version by it, and one that may not goes on asking with all of its CPU.
    await redis.info()
  } catch (error) {
    // What comes after the first is that the connection is closed.
    throw first ?? error
  } finally {
    redis.disconnect()
  }
}
