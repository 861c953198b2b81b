import type { Redis } from 'ioredis'

const everyMs = 60_000

export const evictionText =
  'Redis may remove jobs when its memory is full: set maxmemory-policy to noeviction. Until then this worker is not ready'

/**
 * Watches whether Redis removes keys to have room for others: jobs would go as well, and nobody would know. It is asked
 * at the start, after each reconnection, and every minute, since the setting can be changed while it runs.
 * @param onFound hears of a policy other than `noeviction` whenever it is seen
 */
export function evictionWatch(redis: Redis, onFound: (policy: string) => void) {
  let isOn = false
  const look = async () => {
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1]
    // A service that does not say so has none, or sees to it itself.
    isOn = policy !== undefined && policy !== 'noeviction'
    if (isOn) onFound(policy ?? '')
  }
  // While Redis is away nothing new is known, and others say so.
  const lookAgain = () => void look().catch(() => {})
  lookAgain()
  redis.on('ready', lookAgain)
  const timer = setInterval(lookAgain, everyMs)
  return {
    isOn: () => isOn,
    stop: () => clearInterval(timer),
  }
}
