import 'server-only'
import { requestIdOf } from '@worklane/api/headers.ts'
import { problemResponse } from '@worklane/api/problem.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { CredentialsSignin } from 'next-auth'
import { sessionCookie } from './session-cookie.ts'

const code = 'too_many'

/** A limit, in the words that the auth library passes on: of all its errors only this one carries a code. */
export class TooManySignIns extends CredentialsSignin {
  override code = code
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
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
  if (!to || !tellsOfLimit(new URL(to, request.url)) || signsIn(answer)) return null
  const problem = new Problem('tooMany', 'Too many tries to sign in: wait a while, then try again.')
  const requestId = requestIdOf(request.headers.get('x-request-id') ?? undefined)
  return problemResponse(problem, requestId, { 'Retry-After': '60' })
}

const tellsOfLimit = ({ searchParams }: URL) =>
  searchParams.get('code') === code && searchParams.get('error') === CredentialsSignin.type

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
