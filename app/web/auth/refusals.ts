import 'server-only'
import { requestIdOf } from '@worklane/api/headers.ts'
import { problemResponse } from '@worklane/api/problem.ts'
import { Problem, tooMany } from '@worklane/domain/errors.ts'
import { CredentialsSignin } from 'next-auth'
import { account } from '#web/texts/account.ts'
import { sessionCookie } from './session-cookie.ts'

/** What nobody who signs in can help: a limit that they met, or a database that has no answer for the moment. */
const passedOn = ['tooMany', 'unavailable'] as const

/** Such a refusal, in the words that the auth library passes on: of all its errors only this one carries a code. */
export class RefusedSignIn extends CredentialsSignin {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
    this.code = `${problem.kind}_${problem.retryAfterSeconds}`
  }
}

/** Runs what may be refused inside of the auth library. @throws RefusedSignIn */
export async function passingOn<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isPassedOn = error instanceof Problem && passedOn.some((kind) => kind === error.kind)
    throw isPassedOn ? new RefusedSignIn(error) : error
  }
}

/** What the library answers at its own addresses is a redirect even to who is refused: they get a 429 or a 503. */
export async function refusalOf(request: Request, answer: Response): Promise<Response | null> {
  const to = answer.headers.get('location') ?? (await redirectInJson(request, answer))
  const problem = to ? problemTold(new URL(to, request.url)) : null
  if (problem === null || signsIn(answer)) return null
  return problemResponse(problem, requestIdOf(request.headers.get('x-request-id') ?? undefined))
}

/** The refusal that a redirect tells of; null where it tells of none. */
function problemTold({ searchParams }: URL): Problem | null {
  if (searchParams.get('error') !== CredentialsSignin.type) return null
  const [, kind, seconds] = /^(tooMany|unavailable)_(\d{1,6})$/.exec(searchParams.get('code') ?? '') ?? []
  if (kind === 'tooMany') return tooMany('Too many tries to sign in', Number(seconds))
  return kind ? new Problem('unavailable', account.signIn.failed) : null
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
