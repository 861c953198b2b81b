import { useEffect, useRef } from 'react'

/** How long after the last look; each time half as long again, as nobody knows for how long a check has to wait. Milliseconds. */
const firstMs = 800
const longestMs = 15_000

/** Looks again and again, while something is being checked. @param seen what the last look has shown, new with each */
export function useLookAgain(isWaiting: boolean, seen: unknown, look: () => void | Promise<void>): void {
  const looks = useRef(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what a look has shown makes it look once more
  useEffect(() => {
    if (!isWaiting) {
      looks.current = 0
      return
    }
    const timer = setTimeout(() => void look(), Math.min(firstMs * 1.5 ** looks.current++, longestMs))
    return () => clearTimeout(timer)
  }, [isWaiting, seen])
}
