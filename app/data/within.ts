/** What did not answer in time. */
export class TooLate extends Error {
  override name = 'TooLate'
}

/**
 * Waits no longer than this for something that goes on all the same.
 * @throws TooLate
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new TooLate(`no answer within ${ms} ms`)), ms)
  work.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}
