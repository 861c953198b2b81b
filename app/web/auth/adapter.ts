import 'server-only'
import { proveAddress } from '@worklane/domain/accounts/proof.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import {
  createSession,
  extendSession,
  findSession,
  revokeSession,
} from '@worklane/domain/sessions/sessions.ts'
import type { Adapter, AdapterUser } from 'next-auth/adapters'
import { sessionToken as currentToken } from './actor.ts'
import { device, keepDevice } from './device.ts'

const adapterUser = (user: {
  id: string
  email: string
  name: string
  emailVerified: Date | null
}): AdapterUser => user

/** Auth.js's storage, as calls of the domain: only a token's hash is ever stored. */
export const adapter: Adapter = {
  async getUser(id) {
    const user = await accounts.byId(id)
    return user && adapterUser(user)
  },
  async getUserByEmail(email) {
    const user = await accounts.byEmail(email)
    return user && adapterUser(user)
  },
  async getUserByAccount({ provider, providerAccountId }) {
    const user = await accounts.byProvider(provider, providerAccountId)
    return user && adapterUser(user)
  },
  async createUser({ email, name, emailVerified }) {
    return adapterUser(await accounts.create({ email, name: name ?? email, emailVerified }))
  },
  /** The library calls it when somebody came by a link of a mail. */
  async updateUser({ id }) {
    // In a browser that is signed in already whoever signed up and whoever reads the mail are the same.
    await proveAddress(id, await currentToken())
    const user = await accounts.byId(id)
    if (!user) throw new Error(`no user ${id}`)
    return adapterUser(user)
  },
  async linkAccount({ provider, providerAccountId, userId, type }) {
    await accounts.link({ provider, providerAccountId, userId, type })
  },
  /** Sessions by a link or a provider; those by a password do not come this way. */
  async createSession({ sessionToken, userId, expires }) {
    await keepDevice(userId)
    const from = await device()
    const before = await currentToken()
    const session = await createSession(userId, { expires, token: sessionToken, device: from, proved: true })
    // A browser has one session: the new one takes the place of what it had.
    if (before !== undefined) await revokeSession(before)
    return { sessionToken: session.token, userId, expires }
  },
  async getSessionAndUser(sessionToken) {
    const session = await findSession(sessionToken)
    const user = session && (await accounts.byId(session.userId))
    if (!session || !user) return null
    return {
      session: { sessionToken, userId: session.userId, expires: session.expires },
      user: adapterUser(user),
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
