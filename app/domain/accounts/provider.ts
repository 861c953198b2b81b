import { Problem } from '../errors.ts'
import { findSession } from '../sessions/sessions.ts'
import { proveAddress } from './proof.ts'
import { account, accountTransaction } from './transaction.ts'

/** Who somebody is to an OAuth provider. */
export type ProviderAccount = { provider: string; providerAccountId: string; type: string }

/** What an OAuth provider says of somebody whose address it has checked itself. */
export type CheckedByProvider = ProviderAccount & { email: string; name: string }

/**
 * The provider's word is a proof of the address: an account of it that nobody had proved starts clean and is linked,
 * and where there is none one is made. An account that was proved before is not touched: its holder links it. Nor is
 * one made for who is signed in to another: they are about to link this one to that.
 * @param token the session that the browser has, if any
 */
export async function provedByProvider(checked: CheckedByProvider, token?: string): Promise<void> {
  const signedIn = token === undefined ? null : await findSession(token)
  await accountTransaction(null, async () => {
    const { email, provider, providerAccountId } = checked
    const linked = await account().query(linkedElsewhere, [provider, providerAccountId, email])
    if (linked.rowCount) return
    const { rows } = await account().query<{ id: string; proved: boolean }>(known, [email])
    const [user] = rows
    if (user?.proved || (signedIn && signedIn.userId !== user?.id)) return
    const id = user?.id ?? (await newUser(checked))
    await proveAddress(id, token)
    await account().query(link, [provider, providerAccountId, id, checked.type])
  })
}

/**
 * Lets an account in by a provider as well: for who is signed in to it, or for one that was made a moment ago.
 * @param seen.addressProved whether the address was proved when the account was looked up: it may have started clean
 *   since, and the link would come from before
 * @param seen.token the session that asks, if any
 * @throws Problem unauthenticated when the account has changed so, is gone, or that is not its session any more
 */
export async function linkProvider(
  { provider, providerAccountId, userId, type }: ProviderAccount & { userId: string },
  { addressProved, token }: { addressProved: boolean; token?: string | undefined },
): Promise<void> {
  await accountTransaction(null, async () => {
    const { rowCount } = await account().query(unchanged, [userId, addressProved])
    // A statement of its own: the first may have waited for what ended the session.
    const session = token === undefined ? null : await findSession(token)
    if (!rowCount || (token !== undefined && session?.userId !== userId)) {
      throw new Problem('unauthenticated', 'This account was changed meanwhile: sign in again.')
    }
    await account().query(insertLink, [provider, providerAccountId, userId, type])
  })
}

async function newUser({ email, name }: CheckedByProvider): Promise<string> {
  const { rows } = await account().query('insert into users (email, name) values ($1, $2) returning id', [
    email,
    name,
  ])
  return rows[0].id
}

const linkedElsewhere = `select from accounts a join users u on u.id = a.user_id
  where a.provider = $1 and a.provider_account_id = $2 and lower(u.email) <> lower($3)`
const known = 'select id, email_verified is not null as proved from users where lower(email) = lower($1)'
const unchanged = `select from users where id = $1 and (email_verified is not null) = $2 for no key update`
const insertLink = `insert into accounts (provider, provider_account_id, user_id, type) values ($1, $2, $3, $4)`
const link = `${insertLink} on conflict do nothing`
