import { Problem, problems } from '@worklane/domain/errors.ts'
import type { Call } from '@worklane/domain/execute.ts'

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
      ...comeBackIn([problem]),
      ...headers,
      'Content-Type': 'application/problem+json',
    },
  })
}

/** When to come back, where that helps: by the one of several that has to wait longest. */
export function comeBackIn(problems: readonly unknown[]): Record<string, string> {
  const waits = problems.flatMap((each) => (each instanceof Problem ? (each.retryAfterSeconds ?? []) : []))
  return waits.length > 0 ? { 'Retry-After': String(Math.max(...waits)) } : {}
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
  }
}
