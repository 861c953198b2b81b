import { uniqueViolation } from '@worklane/data/tenant.ts'
import { Problem } from './errors.ts'

/** The write, or a conflict in words where a unique constraint stands against it, also against a concurrent one. */
export async function unlessTaken<T>(write: PromiseLike<T>, detail: string): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (uniqueViolation(error)) throw new Problem('conflict', detail)
    throw error
  }
}
