import 'server-only'
import { proveAddress } from '@worklane/domain/accounts/proof.ts'
import { linkProvider } from '@worklane/domain/accounts/provider.ts'
import { type Account, accounts } from '@worklane/domain/sessions/accounts.ts'
import {
  createSession,
  extendSession,
  findSession,
  revokeSession,
} from '@worklane/domain/sessions/sessions.ts'
import type { Adapter, AdapterUser } from 'next-auth/adapters'
import { sessionToken as currentToken } from './actor.ts'
import { device, keepDevice } from './device.ts'

/**
 * Auth.js's storage for one request, as calls of the domain: only a token's hash is ever stored. It remembers what it
 * told the library of accounts and sessions, since an account may start clean between the library's looking and its
 * writing.
 */
export function createAdapter(): Adapter {
  const proved = new Map<string, boolean>()
  let signedIn: string | undefined
  /** Whose address this request has proved: by the link of a mail. */
  let provedNow: string | undefined
  const told = (user: Account): AdapterUser => {
    proved.set(user.id, user.emailVerified !== null)
    return user
  }
  const seenProved = (userId: string) => {
    const seen = proved.get(userId)
    if (seen === undefined) throw new Error(`account ${userId} is written to and was never looked up`)
    return seen
  }
  return {
    async getUser(id) {
      const user = await accounts.byId(id)
      return user && told(user)
    },
    async getUserByEmail(email) {
      const user = await accounts.byEmail(email)
      return user && told(user)
    },
    async getUserByAccount({ provider, providerAccountId }) {
      const user = await accounts.byProvider(provider, providerAccountId)
      return user && told(user)
    },
    async createUser({ email, name, emailVerified }) {
      const user = await accounts.create({ email, name: name ?? email, emailVerified })
      if (emailVerified) provedNow = user.id
      return told(user)
    },
    /** The library calls it when somebody came by a link of a mail. */
    async updateUser({ id }) {
      // In a browser that is signed in already whoever signed up and whoever reads the mail are the same.
      await proveAddress(id, await currentToken())
      provedNow = id
      const user = await accounts.byId(id)
      if (!user) throw new Error(`no user ${id}`)
      return told(user)
    },
    async linkAccount({ provider, providerAccountId, userId, type }) {
      await linkProvider(
        { provider, providerAccountId, userId, type },
        { addressProved: seenProved(userId), token: signedIn },
      )
    },
    /** Sessions by a link or a provider; those by a password do not come this way. */
    async createSession({ sessionToken, userId, expires }) {
      await keepDevice(userId)
      const before = await currentToken()
      const session = await createSession(userId, {
        expires,
        token: sessionToken,
        device: await device(),
        // A provider's word that it knows somebody is no proof that they read their mail.
        proved: provedNow === userId,
        addressProved: seenProved(userId),
      })
      // A browser has one session: the new one takes the place of what it had.
      if (before !== undefined) await revokeSession(before)
      return { sessionToken: session.token, userId, expires }
    },
    async getSessionAndUser(sessionToken) {
      const session = await findSession(sessionToken)
      const user = session && (await accounts.byId(session.userId))
      if (!session || !user) return null
      signedIn = sessionToken
      return {
        session: { sessionToken, userId: session.userId, expires: session.expires },
        user: told(user),
      }
    },
    async updateSession({ sessionToken, expires }) {
      if (expires) await extendSession(sessionToken, expires)
      return null
    },
    async deleteSession(sessionToken) {
      await revokeSession(sessionToken)
    },
    async createVerificationToken(token) {
      await accounts.saveVerification(token)
      return token
    },
    async useVerificationToken({ identifier, token }) {
      return accounts.useVerification(identifier, token)
    },
  }
}
