import { setImmediate } from 'node:timers/promises'

/**
 * Shares the event loop with other requests: awaited in every round of a long loop, it gives the event loop back once
 * the work has taken so long.
 * @param mostMs how long others may have to wait
 */
export function loopShare(mostMs = 20): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < mostMs) return
    await setImmediate()
    since = performance.now()
  }
}
