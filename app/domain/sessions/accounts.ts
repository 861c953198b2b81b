import type { Actor } from '../actor.ts'
import { runtime } from '../runtime.ts'

export type Account = { id: string; email: string; name: string; emailVerified: Date | null }
export type Verification = { identifier: string; token: string; expires: Date }

const columns = 'u.id, u.email, u.name, u.email_verified as "emailVerified"'

async function first<T extends object>(text: string, values: unknown[]): Promise<T | null> {
  const { rows } = await runtime().auth.query<T>(text, values)
  return rows[0] ?? null
}

/** Who can sign in, and how; through the role that may know it. */
export const accounts = {
  byId: (id: string) => first<Account>(`select ${columns} from users u where id = $1`, [id]),
  byEmail: (email: string) =>
    first<Account>(`select ${columns} from users u where lower(email) = lower($1)`, [email]),
  byProvider: (provider: string, id: string) =>
    first<Account>(
      `select ${columns} from users u join accounts a on a.user_id = u.id
       where a.provider = $1 and a.provider_account_id = $2`,
      [provider, id],
    ),
  /** Somebody who came by a provider and has no account yet; they choose an organisation next. */
  async create({ email, name, emailVerified }: Omit<Account, 'id'>): Promise<Account> {
    const { rows } = await runtime().auth.query(
      `insert into users (email, name, email_verified) values ($1, $2, $3)
       returning id, email, name, email_verified as "emailVerified"`,
      [email, name, emailVerified],
    )
    return rows[0]
  },
  async saveVerification({ identifier, token, expires }: Verification): Promise<void> {
    await runtime().auth.query(
      'insert into verification_tokens (identifier, token, expires) values ($1, $2, $3)',
      [identifier, token, expires],
    )
  },
  /** Each token is good once. */
  useVerification: (identifier: string, token: string) =>
    first<Verification>(
      'delete from verification_tokens where identifier = $1 and token = $2 returning identifier, token, expires',
      [identifier, token],
    ),
}

/** The address of who asks, while nobody has proved it; null once it is. See `needsProof` of an operation. */
export async function unprovedAddress({ userId }: Pick<Actor, 'userId'>): Promise<string | null> {
  const user = await accounts.byId(userId)
  return user && user.emailVerified === null ? user.email : null
}
