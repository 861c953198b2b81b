import 'server-only'
import { Auth } from '@auth/core'
import { createLog } from '@worklane/data/log.ts'
import { provedByProvider } from '@worklane/domain/accounts/provider.ts'
import { Problem, type ProblemKind } from '@worklane/domain/errors.ts'
import { verifyPassword } from '@worklane/domain/sessions/passwords.ts'
import { createSession, revokeSession } from '@worklane/domain/sessions/sessions.ts'
import { newToken } from '@worklane/domain/sessions/token.ts'
import NextAuth, { CredentialsSignin, type NextAuthConfig } from 'next-auth'
import { encode } from 'next-auth/jwt'
import Credentials from 'next-auth/providers/credentials'
import GitHub from 'next-auth/providers/github'
import Google from 'next-auth/providers/google'
import { z } from 'zod'
import { libraryPagePolicy } from '#web/security/policy.ts'
import { sessionToken } from './actor.ts'
import { createAdapter } from './adapter.ts'
import { caller, device, keepDevice } from './device.ts'
import { sendSignInLink } from './mail.ts'
import { ownAddress } from './next-path.ts'
import { passingOn, refusalOf } from './refusals.ts'

// Links and redirects lead to the public origin, whatever host this process thinks it has.
if (process.env.ORIGIN) process.env.AUTH_URL = process.env.ORIGIN

const log = createLog('web')

const isProblem = (error: unknown, kind: ProblemKind): error is Problem =>
  error instanceof Problem && error.kind === kind

/** One address, and nothing that a mail server could take for two or for another header. */
function addressOf(given: string | undefined): string {
  const parsed = z.email().max(200).safeParse(given?.trim().toLowerCase())
  // The library takes this one for what it is: somebody mistyped.
  if (!parsed.success) throw new CredentialsSignin('not an e-mail address')
  return parsed.data
}

const Password = z.object({ email: z.email().max(200), password: z.string().min(1).max(200) })

/** Whose password was checked, and by which hash; between two steps of the library, and in no cookie. */
const Checked = z.object({ userId: z.string(), passwordHash: z.string() })

const CheckedProfile = z.object({
  email: z.email().max(200),
  email_verified: z.literal(true),
  name: z.string().min(1).max(120).nullish(),
})

/** The auth library, known to this folder alone. Sessions are the domain's: rows in Postgres, read through Redis. */
const config = {
  session: {
    strategy: 'database',
    maxAge: 30 * 86_400,
    updateAge: 86_400,
    generateSessionToken: () => newToken(),
  },
  trustHost: true,
  pages: { signIn: '/sign-in', error: '/sign-in', verifyRequest: '/sign-in' },
  providers: [
    Credentials({
      credentials: { email: {}, password: {} },
      async authorize(given) {
        const parsed = Password.safeParse(given)
        if (!parsed.success) return null
        const { email, password } = parsed.data
        return passingOn(async () => verifyPassword(email, password, await caller()))
      },
    }),
    {
      id: 'email',
      type: 'email',
      name: 'E-mail',
      maxAge: 15 * 60,
      normalizeIdentifier: addressOf,
      sendVerificationRequest: ({ identifier, url }) =>
        passingOn(async () => sendSignInLink(identifier, url, await caller())),
    },
    // OAuth is offered where its variables (AUTH_GITHUB_ID and so on) are set.
    ...(process.env.AUTH_GITHUB_ID ? [GitHub] : []),
    ...(process.env.AUTH_GOOGLE_ID ? [Google] : []),
  ],
  logger: {
    error(error) {
      // Somebody mistyped: no fault of ours, and no stack to read.
      if (error instanceof CredentialsSignin) log.info('a password was refused')
      else log.error({ err: error }, 'sign-in')
    },
    warn: (code) => log.warn({ code }, 'sign-in'),
    debug: () => {},
  },
  callbacks: {
    redirect: ({ url, baseUrl }) => ownAddress(url, baseUrl),
    async signIn({ account, profile }) {
      // OpenID Connect's word for an address that the provider has checked; who says nothing has not.
      if (account?.type !== 'oidc' && account?.type !== 'oauth') return true
      const checked = CheckedProfile.safeParse(profile)
      if (!checked.success) return true
      const { email, name } = checked.data
      const { provider, providerAccountId, type } = account
      const proof = { provider, providerAccountId, type, email, name: name ?? email }
      await provedByProvider(proof, await sessionToken())
      return true
    },
    jwt({ token, account, user }) {
      if (account?.provider !== 'credentials' || !('passwordHash' in user)) return token
      return { ...token, checked: { userId: user.id, passwordHash: user.passwordHash } }
    },
  },
  jwt: {
    // The library makes a JWT after a password; ours is a session row like any other way's.
    async encode(parameters) {
      const checked = Checked.safeParse(parameters.token?.checked)
      if (!checked.success) return encode(parameters)
      const { userId, passwordHash } = checked.data
      const before = await sessionToken()
      const session = passingOn(async () => createSession(userId, { device: await device(), passwordHash }))
      const { token } = await session.catch((error: unknown) => {
        // As a wrong one: it was changed since it was checked.
        throw isProblem(error, 'unauthenticated') ? new CredentialsSignin(error.message) : error
      })
      await keepDevice(userId)
      // A browser has one session: the new one takes the place of what it had.
      if (before !== undefined) await revokeSession(before)
      return token
    },
  },
} satisfies NextAuthConfig

/** Each request has storage of its own: it remembers what it looked up. */
export const { signIn, signOut } = NextAuth(() => ({ ...config, adapter: createAdapter() }))

/**
 * Answers the library's own addresses (a mail's link, OAuth's return). Not through its Next handler: a Next
 * request calls 127.0.0.1 "localhost", and the cookie of one is not sent to the other.
 */
export async function handleAuth(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const asked = new Request(new URL(pathname + search, process.env.ORIGIN ?? request.url), request)
  const options = {
    ...config,
    adapter: createAdapter(),
    basePath: '/api/auth',
    secret: process.env.AUTH_SECRET as string,
  }
  const answer = await Auth(asked, options)
  const response = (await refusalOf(request, answer)) ?? new Response(answer.body, answer)
  response.headers.set('Content-Security-Policy', libraryPagePolicy)
  return response
}
