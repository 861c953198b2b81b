/**
 * Runs what is named, unless that very name runs still in this process. What waits for somebody who does not answer
 * then holds one place of a worker's, and not one more each time its turn comes.
 * @returns what runs `work` under `name`; false when it left it out
 * @throws what `work` throws; its next turn runs again
 */
export function oneAtATime(): (name: string, work: () => Promise<unknown>) => Promise<boolean> {
  const running = new Set<string>()
  return async (name, work) => {
    if (running.has(name)) return false
    running.add(name)
    try {
      await work()
      return true
    } finally {
      running.delete(name)
    }
  }
}
