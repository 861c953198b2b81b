/**
 * What several come to, and not before the last of them has ended: what still runs would disturb what comes next.
 * @throws what the first of them that failed threw
 */
export async function allEnded<Value>(running: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(running)
  return Promise.all(running)
}
