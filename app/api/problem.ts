import { type Problem, type ProblemKind, problems } from '@worklane/domain/errors.ts'
import type { Call } from '@worklane/domain/execute.ts'

/** For who was not told better: a limit ends with its minute. */
const comeBackIn: { [kind in ProblemKind]?: Record<string, string> } = {
  tooMany: { 'Retry-After': '60' },
  unavailable: { 'Retry-After': '1' },
}

/** RFC 9457; null for an error that is ours, of which nothing is told but the request's id. */
export function problemResponse(
  problem: Problem | null,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  const { status, title } = problem ? problems[problem.kind] : { status: 500, title: 'Internal error' }
  const body = {
    ...problem?.members,
    type: problem?.type ?? 'about:blank',
    title,
    status,
    detail: problem?.message ?? 'Something went wrong on our side. The request id helps us find it.',
    requestId,
    ...(problem && problem.fields.length > 0 ? { errors: problem.fields } : {}),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...(problem && comeBackIn[problem.kind]),
      ...headers,
      'Content-Type': 'application/problem+json',
    },
  })
}

/** How much is left of the tightest limit: draft-ietf-httpapi-ratelimit-headers, in its separate fields. */
export function limitHeaders(calls: readonly (Call | undefined)[]): Record<string, string> {
  const limits = calls.flatMap((call) => (call?.limit?.decided ? [call.limit] : []))
  const [tightest] = limits.sort(
    (a, b) => Number(a.allowed) - Number(b.allowed) || a.remaining / a.limit - b.remaining / b.limit,
  )
  if (!tightest) return {}
  const seconds = Math.max(0, Math.ceil((tightest.resetAt - Date.now()) / 1000))
  return {
    'RateLimit-Limit': String(tightest.limit),
    'RateLimit-Remaining': String(tightest.remaining),
    'RateLimit-Reset': String(seconds),
    ...(tightest.allowed ? {} : { 'Retry-After': String(tightest.retryAfterSeconds) }),
  }
}
