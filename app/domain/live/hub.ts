import { Redis } from 'ioredis'
import { runtime } from '../runtime.ts'

type Message = { event: string; data: unknown }
type Listener = { onMessage: (message: Message) => void; onClose: () => void }

/** One subscription to Redis for all who listen in this process, one channel each, however many listen to it. */
class Hub {
  #redis: Redis | undefined
  #firstAttempt: Promise<void> | undefined
  #closed = false
  readonly #listeners = new Map<string, Set<Listener>>()

  /** Begins to listen. `ready` resolves once messages arrive; after `end()` none do. A closed hub ends it at once. */
  subscribe(channel: string, listener: Listener): { ready: Promise<unknown>; end(): void } {
    if (this.#closed) {
      listener.onClose()
      return { ready: Promise.resolve(), end: () => {} }
    }
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners)
    listeners.add(listener)
    const redis = this.#connected()
    return {
      ready: redis.subscribe(channel),
      end: () => {
        listeners.delete(listener)
        if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return
        this.#listeners.delete(channel)
        void redis.unsubscribe(channel).catch(() => {})
      },
    }
  }

  /** How many listen to a project, for the metrics; a stream also listens for the end of its holder's access. */
  get size(): number {
    return [...this.#listeners]
      .filter(([channel]) => channel.startsWith('live:'))
      .reduce((sum, [, { size }]) => sum + size, 0)
  }

  /** Ends every stream, and each that still begins: its listener connects anew, to a process that stays. */
  async close(): Promise<void> {
    this.#closed = true
    for (const listeners of this.#listeners.values()) for (const { onClose } of listeners) onClose()
    this.#listeners.clear()
    const redis = this.#redis
    await redis?.quit().catch(() => redis.disconnect())
    this.#redis = undefined
  }

  /**
   * Whether a stream may begin: Redis can be listened to, now or within a moment of the first time it is asked. One
   * of a closed hub ends as it begins, which sends its client to a process that stays.
   */
  async isReady(): Promise<boolean> {
    if (this.#closed) return true
    const redis = this.#connected()
    if (redis.status === 'connecting' || redis.status === 'connect') await this.#firstAttempt
    return redis.status === 'ready'
  }

  #connected(): Redis {
    if (this.#redis) return this.#redis
    // Connects again and again, and subscribes to everything that is listened to once Redis is back. What is asked
    // meanwhile is refused at once: each stream that tries would else leave its commands behind, to wait with it.
    const redis = new Redis(runtime().env.REDIS_URL, {
      ...{ enableOfflineQueue: false, commandTimeout: patienceMs, connectTimeout: patienceMs },
    })
    this.#redis = redis
    this.#firstAttempt = new Promise((resolve) => {
      for (const event of ['ready', 'error', 'close', 'end'] as const) redis.once(event, () => resolve())
    })
    redis.on('error', () => {})
    redis.on('message', (channel: string, text: string) => {
      const listeners = this.#listeners.get(channel)
      // Nobody listens any more since Redis was away.
      if (!listeners) void redis.unsubscribe(channel).catch(() => {})
      const message = messageOf(text)
      if (message === null) return
      for (const { onMessage } of listeners ?? []) onMessage(message)
    })
    return redis
  }
}

/** How long a stream waits for Redis before its client is told to come again. */
const patienceMs = 5_000

/** What another process told; null for what is none of ours: nobody who listens can do anything about it. */
function messageOf(text: string): Message | null {
  try {
    return JSON.parse(text) as Message
  } catch {
    return null
  }
}

export const hub = new Hub()
