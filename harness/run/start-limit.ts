import type { Collected } from '../collect/collector.ts'
import type { Generator } from './generator.ts'

/** How long k6 may take until its first message, which is due a second after its VUs began. Milliseconds. */
const patience = 60_000

/** Ends a generator that does not begin: nothing else would. */
export function limitStart(
  generator: Generator,
  { vus }: Pick<Collected, 'vus'>,
  within = patience,
): { isOverdue(): boolean; invalidReasons(): string[]; end(): void } {
  let isOverdue = false
  const timer = setTimeout(() => {
    if (vus.size > 0) return
    isOverdue = true
    generator.signal('SIGKILL')
  }, within)
  return {
    isOverdue: () => isOverdue,
    invalidReasons: () =>
      isOverdue ? [`k6 told nothing within ${within / 1000} s of its start, and was ended`] : [],
    end: () => clearTimeout(timer),
  }
}
