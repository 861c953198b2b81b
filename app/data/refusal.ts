import pg from 'pg'
import { Prisma } from './generated/prisma/client.ts'

/** Why the database refused a statement. */
export type Refusal = {
  /** SQLSTATE, or `P2025` where Prisma found no row to change. Appendix A of PostgreSQL's documentation. */
  code: string
  /** The constraint that stood against it, by its name, or ''. */
  constraint: string
}

/** serialization_failure and deadlock_detected: the same work may succeed when it is done again. */
const disturbances = new Set(['40001', '40P01', 'P2034'])

/** What the database said of a failed statement, whichever client sent it; null for every other error. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof pg.DatabaseError && error.code) {
    return { code: error.code, constraint: error.constraint ?? '' }
  }
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null
  const { driverAdapterError } = (error.meta ?? {}) as {
    driverAdapterError?: {
      cause?: { originalCode?: string; originalMessage?: string; constraint?: { index?: string } }
    }
  }
  const { originalCode = error.code, originalMessage = '', constraint } = driverAdapterError?.cause ?? {}
  // The last name in quotes: a check's name reaches us in the message only.
  const named = /"([^"]+)"[^"]*$/.exec(originalMessage)?.[1]
  return { code: originalCode, constraint: constraint?.index ?? named ?? '' }
}

/** Two writes that met in a deadlock or a serialization failure, whatever words that was put into on its way. */
function wasDisturbed(error: unknown): boolean {
  const refusal = refusalOf(error) ?? (error instanceof Error ? refusalOf(error.cause) : null)
  return disturbances.has(refusal?.code ?? '')
}

const attempts = 3

/** Does a transaction again that was undone because it met another one, a bounded number of times. */
export async function withRetryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!wasDisturbed(error) || attempt === attempts) throw error
    }
  }
}
