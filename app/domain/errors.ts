/** What can go wrong for a caller, in words that every door translates: HTTP status, tRPC code, a page. */
export const problems = {
  invalid: { status: 400, title: 'The input is not valid' },
  unauthenticated: { status: 401, title: 'Not signed in' },
  forbidden: { status: 403, title: 'Not allowed' },
  notFound: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict' },
  tooMany: { status: 429, title: 'Too many requests' },
} as const

export type ProblemKind = keyof typeof problems
export type FieldError = { path: string; message: string }

export class Problem extends Error {
  override name = 'Problem'
  readonly kind: ProblemKind
  readonly fields: FieldError[]
  /** A server that renders pages tells a browser nothing of an error but its digest: what the caller may know. */
  readonly digest: string
  constructor(kind: ProblemKind, detail: string, fields: FieldError[] = []) {
    super(detail)
    this.kind = kind
    this.fields = fields
    this.digest = `problem:${kind}:${detail}`
  }
}

/** The same for a row that is not there and one of another tenant: nobody can tell which. */
export const notFound = (what: string) =>
  new Problem('notFound', `There is no such ${what} in your organisation.`)

/** One field that is wrong, by its name. */
export const invalidField = (path: string, message: string) =>
  new Problem('invalid', path ? `${path}: ${message}` : message, [{ path, message }])
