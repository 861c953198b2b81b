import type { z } from 'zod'
import { beginningOf } from './text.ts'

/** What can go wrong for a caller, in words that every door translates: HTTP status, tRPC code, a page. */
export const problems = {
  invalid: { status: 400, title: 'The input is not valid' },
  unauthenticated: { status: 401, title: 'Not signed in' },
  beyondPlan: { status: 402, title: 'Not in your plan' },
  readOnly: { status: 402, title: 'Read only until an invoice is paid' },
  declined: { status: 402, title: 'The payment was declined' },
  forbidden: { status: 403, title: 'Not allowed' },
  notFound: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict' },
  tooLarge: { status: 413, title: 'The body is too large' },
  methodNotAllowed: { status: 405, title: 'Method not allowed' },
  tooMany: { status: 429, title: 'Too many requests' },
  unavailable: { status: 503, title: 'Not available for a moment' },
} as const

export type ProblemKind = keyof typeof problems
export type FieldError = { path: string; message: string }
type More = { type?: string; members?: Record<string, unknown> }

export class Problem extends Error {
  override name = 'Problem'
  readonly kind: ProblemKind
  readonly fields: FieldError[]
  /** Its type of RFC 9457, where the status does not say all, and what it tells beside the text. */
  readonly type: string
  readonly members: Readonly<Record<string, unknown>>
  /** A server that renders pages tells a browser nothing of an error but its digest: what the caller may know. */
  readonly digest: string
  /** When it may go better; null where waiting does not help. */
  readonly retryAfterSeconds: number | null
  constructor(kind: Exclude<ProblemKind, 'tooMany'>, detail: string, fields?: FieldError[], more?: More)
  /** Only a limit knows when it ends, see `tooMany`. */
  constructor(kind: 'tooMany', detail: string, fields: FieldError[], more: { retryAfterSeconds: number })
  constructor(
    kind: ProblemKind,
    detail: string,
    fields: FieldError[] = [],
    more: More & { retryAfterSeconds?: number } = {},
  ) {
    super(detail)
    this.kind = kind
    this.fields = fields
    this.type = more.type ?? 'about:blank'
    this.members = more.members ?? {}
    this.retryAfterSeconds = more.retryAfterSeconds ?? (kind === 'unavailable' ? 1 : null)
    this.digest = `problem:${kind}:${detail}`
  }
}

/** The same for a row that is not there and one of another tenant: nobody can tell which. */
export const notFound = (what: string) =>
  new Problem('notFound', `There is no such ${what} in your organisation.`)

/** A limit that was met; its words and `Retry-After` come of the same seconds. */
export function tooMany(what: string, seconds: number): Problem {
  const whole = Math.max(1, Math.ceil(seconds))
  return new Problem('tooMany', `${what}: try again in ${lengthOf(whole)}.`, [], { retryAfterSeconds: whole })
}

/** So many seconds as people say it, and never less than they are. */
function lengthOf(seconds: number): string {
  const [size, unit] = seconds > 5_400 ? [3_600, 'hour'] : seconds > 90 ? [60, 'minute'] : [1, 'second']
  const count = Math.ceil(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** One field that is wrong, by its name. */
export const invalidField = (path: string, message: string) =>
  new Problem('invalid', path ? `${path}: ${message}` : message, [{ path, message }])

/** So many mistakes are told of one input, and so much of a field's name: an answer is no longer for a longer input. */
const mistakesTold = 20
const longestPath = 100

/** All that is wrong with an input, by its fields; of very many mistakes the first, and how many more there are. */
export function invalidInput(issues: readonly z.core.$ZodIssue[]): Problem {
  const all = issues.flatMap(fieldErrors)
  const fields = all.slice(0, mistakesTold)
  if (all.length > fields.length) {
    fields.push({ path: '', message: `and ${all.length - fields.length} more mistakes` })
  }
  return new Problem(
    'invalid',
    fields.map(({ path, message }) => `${path || 'input'}: ${message}`).join('; '),
    fields,
  )
}

/** Each unknown field by its own name, as every other mistake. */
function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: pathOf(issue.path), message: issue.message }]
  return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'is not a known field' }))
}

function pathOf(parts: readonly PropertyKey[]): string {
  const path = parts.join('.')
  return path.length > longestPath ? `${beginningOf(path, longestPath)}…` : path
}
