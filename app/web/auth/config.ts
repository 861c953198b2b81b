import 'server-only'
import { Auth } from '@auth/core'
import { createLog } from '@worklane/data/log.ts'
import { provedByProvider } from '@worklane/domain/accounts/provider.ts'
import { verifyPassword } from '@worklane/domain/sessions/passwords.ts'
import { createSession } from '@worklane/domain/sessions/sessions.ts'
import { newToken } from '@worklane/domain/sessions/token.ts'
import NextAuth, { type NextAuthConfig } from 'next-auth'
import { encode } from 'next-auth/jwt'
import Credentials from 'next-auth/providers/credentials'
import GitHub from 'next-auth/providers/github'
import Google from 'next-auth/providers/google'
import { z } from 'zod'
import { adapter } from './adapter.ts'
import { device } from './device.ts'
import { sendSignInLink } from './mail.ts'

// Links and redirects lead to the public origin, whatever host this process thinks it has.
if (process.env.ORIGIN) process.env.AUTH_URL = process.env.ORIGIN

const log = createLog('web')

const Password = z.object({ email: z.email().max(200), password: z.string().min(1).max(200) })

const CheckedProfile = z.object({
  email: z.email().max(200),
  email_verified: z.literal(true),
  name: z.string().min(1).max(120).nullish(),
})

/** The auth library, known to this folder alone. Sessions are the domain's: rows in Postgres, read through Redis. */
const config: NextAuthConfig = {
  adapter,
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
        return parsed.success ? verifyPassword(parsed.data.email, parsed.data.password) : null
      },
    }),
    {
      id: 'email',
      type: 'email',
      name: 'E-mail',
      maxAge: 15 * 60,
      sendVerificationRequest: ({ identifier, url }) => sendSignInLink(identifier, url),
    },
    // OAuth is offered where its variables (AUTH_GITHUB_ID and so on) are set.
    ...(process.env.AUTH_GITHUB_ID ? [GitHub] : []),
    ...(process.env.AUTH_GOOGLE_ID ? [Google] : []),
  ],
  logger: {
    error(error) {
      // Somebody mistyped: no fault of ours, and no stack to read.
      if (error.name === 'CredentialsSignin') log.info('a password was refused')
      else log.error({ err: error }, 'sign-in')
    },
    warn: (code) => log.warn({ code }, 'sign-in'),
    debug: () => {},
  },
  callbacks: {
    async signIn({ account, profile }) {
      // OpenID Connect's word for an address that the provider has checked; who says nothing has not.
      if (account?.type !== 'oidc' && account?.type !== 'oauth') return true
      const checked = CheckedProfile.safeParse(profile)
      if (!checked.success) return true
      const { email, name } = checked.data
      const { provider, providerAccountId, type } = account
      await provedByProvider({ provider, providerAccountId, type, email, name: name ?? email })
      return true
    },
    jwt({ token, account, user }) {
      return account?.provider === 'credentials' ? { ...token, passwordOf: user.id } : token
    },
  },
  jwt: {
    // The library makes a JWT after a password; ours is a session row like any other way's.
    async encode(parameters) {
      const user = parameters.token?.passwordOf
      return typeof user === 'string'
        ? (await createSession(user, { device: await device() })).token
        : encode(parameters)
    },
  },
}

export const { signIn, signOut } = NextAuth(config)

/**
 * Answers the library's own addresses (a mail's link, OAuth's return). Not through its Next handler: a Next
 * request calls 127.0.0.1 "localhost", and the cookie of one is not sent to the other.
 */
export function handleAuth(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const asked = new Request(new URL(pathname + search, process.env.ORIGIN ?? request.url), request)
  return Auth(asked, { ...config, basePath: '/api/auth', secret: process.env.AUTH_SECRET as string })
}
