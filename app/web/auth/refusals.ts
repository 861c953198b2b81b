import 'server-only'
import { requestIdOf } from '@worklane/api/headers.ts'
import { problemResponse } from '@worklane/api/problem.ts'
import { Problem, tooMany } from '@worklane/domain/errors.ts'
import { CredentialsSignin } from 'next-auth'
import { sessionCookie } from './session-cookie.ts'

/** A limit, in the words that the auth library passes on: of all its errors only this one carries a code. */
export class TooManySignIns extends CredentialsSignin {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
    this.code = `too_many_${problem.retryAfterSeconds}`
  }
}

/** Runs what may meet a limit inside of the auth library. @throws TooManySignIns */
export async function limited<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Problem && error.kind === 'tooMany' ? new TooManySignIns(error) : error
  }
}

/** What the library answers at its own addresses is a redirect even to who went beyond a limit: they get a 429. */
export async function refusalOf(request: Request, answer: Response): Promise<Response | null> {
  const to = answer.headers.get('location') ?? (await redirectInJson(request, answer))
  const seconds = to ? secondsOfLimit(new URL(to, request.url)) : null
  if (seconds === null || signsIn(answer)) return null
  const requestId = requestIdOf(request.headers.get('x-request-id') ?? undefined)
  return problemResponse(tooMany('Too many tries to sign in', seconds), requestId)
}

/** How long the limit lasts that a redirect tells of; null where it tells of none. */
function secondsOfLimit({ searchParams }: URL): number | null {
  const [, seconds] = /^too_many_(\d{1,6})$/.exec(searchParams.get('code') ?? '') ?? []
  return seconds !== undefined && searchParams.get('error') === CredentialsSignin.type
    ? Number(seconds)
    : null
}

/** Who is signed in goes where they wanted to, whatever that address looks like. */
const signsIn = (answer: Response) =>
  answer.headers.getSetCookie().some((cookie) => cookie.startsWith(`${sessionCookie}=`))

/** Scripts ask for the redirect's address as JSON. */
async function redirectInJson(request: Request, answer: Response): Promise<string | null> {
  if (!request.headers.has('x-auth-return-redirect')) return null
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => null)
  return typeof body === 'object' && body !== null && 'url' in body ? String(body.url) : null
}
