import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/**
 * The two commands that `@upstash/ratelimit` needs of a client, over a socket. Its scripts begin with a line of
 * flags that Redis itself refuses (`#!lua flags=allow-key-locking` is Upstash's own), so they run without it.
 */
export class ScriptRunner {
  readonly #redis: Redis
  /** By the digest that the library knows a script by: the script as Redis takes it, and its digest. */
  readonly #known = new Map<string, { text: string; digest: string }>()

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async evalsha(digest: string, keys: string[], args: unknown[]): Promise<unknown> {
    const script = this.#known.get(digest)
    if (!script) throw new Error('NOSCRIPT this process has not sent the script yet')
    const values = args.map((arg) => String(arg ?? ''))
    try {
      return await this.#redis.evalsha(script.digest, keys.length, ...keys, ...values)
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error
      return this.#redis.eval(script.text, keys.length, ...keys, ...values)
    }
  }

  eval(text: string, keys: string[], args: unknown[]): Promise<unknown> {
    const plain = withoutFlags(text)
    this.#known.set(sha1(text), { text: plain, digest: sha1(plain) })
    return this.evalsha(sha1(text), keys, args)
  }
}

export const withoutFlags = (script: string) => script.replace(/^#!lua[^\n]*\n/, '')

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
