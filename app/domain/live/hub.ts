import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { runtime } from '../runtime.ts'

export type Message = { event: string; data: unknown }
type Listener = { onMessage: (message: Message) => void; onClose: () => void }

/** One subscription to Redis for all who listen in this process, one channel each, however many listen to it. */
class Hub {
  #redis: Redis | undefined
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
      ready: Promise.race([redis.subscribe(channel), tooLate()]),
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
    await this.#redis?.quit().catch(() => {})
    this.#redis = undefined
  }

  #connected(): Redis {
    if (this.#redis) return this.#redis
    // Waits for Redis as long as it takes, and subscribes again to everything after it was away.
    this.#redis = new Redis(runtime().env.REDIS_URL, { maxRetriesPerRequest: null })
    this.#redis.on('error', () => {})
    this.#redis.on('message', (channel: string, text: string) => {
      const message = messageOf(text)
      if (message === null) return
      for (const { onMessage } of this.#listeners.get(channel) ?? []) onMessage(message)
    })
    return this.#redis
  }
}

/** How long a stream waits for Redis before its client is told to come again. */
const patienceMs = 5_000

async function tooLate(): Promise<never> {
  await setTimeout(patienceMs, undefined, { ref: false })
  throw new Error('Redis did not answer in time: live updates cannot be listened to')
}

/** What another process told; null for what is none of ours: nobody who listens can do anything about it. */
function messageOf(text: string): Message | null {
  try {
    return JSON.parse(text) as Message
  } catch {
    return null
  }
}

export const hub = new Hub()
