import { isIPv6 } from 'node:net'
import type { OrgId, UserId } from '../ids.ts'

declare const brand: unique symbol
/** Whose requests are counted, and which: there is no way to spell one without its owner. */
export type LimitKey = string & { readonly [brand]: 'LimitKey' }

export type Limit = { key: LimitKey; requests: number; windowSeconds: number }

/** What an operation costs: a read, a write, or a search, a report, an export. */
export type LimitClass = 'read' | 'write' | 'heavy'

const minute = 60

/** Requests a minute. A person never meets theirs; they stop what has run wild. */
const perUser: Record<LimitClass, number> = { read: 600, write: 180, heavy: 60 }
const perApiKey: Record<LimitClass, number> = { read: 600, write: 180, heavy: 60 }
/** What an organisation's plan pays for, all of its people and keys together. */
export const perOrganisation: Record<'free' | 'team' | 'business', Record<LimitClass, number>> = {
  free: { read: 1_200, write: 300, heavy: 120 },
  team: { read: 12_000, write: 3_000, heavy: 600 },
  business: { read: 120_000, write: 30_000, heavy: 6_000 },
}
/**
 * Of one address: tries to sign in or to sign up (a guess at many accounts is slow as well), and requests to the API
 * without a credential that is good.
 */
const perAddress = { 'sign-in': 30, 'sign-up': 10, anonymous: 300 } as const

const keyOf = (...parts: string[]) => parts.join(':') as LimitKey

type Caller = { userId: UserId; orgId: OrgId; plan: keyof typeof perOrganisation; key: { id: string } | null }

/** Writes and heavy reads that go with so many reads, as in every plan. */
const shareOfReads: Record<LimitClass, number> = { read: 1, write: 1 / 4, heavy: 1 / 20 }

/**
 * The limits that a request of a caller counts against.
 * @param scale multiplies all of them
 * @param readsCap that no organisation goes beyond, whatever its plan
 */
export function limitsOf(
  { userId, orgId, plan, key }: Caller,
  of: LimitClass,
  scale = 1,
  readsCap = Number.POSITIVE_INFINITY,
): Limit[] {
  const own = key
    ? { key: keyOf('key', orgId, key.id, of), requests: perApiKey[of] }
    : { key: keyOf('user', userId, of), requests: perUser[of] }
  const shared = {
    key: keyOf('organisation', orgId, of),
    requests: Math.min(perOrganisation[plan][of], readsCap * shareOfReads[of]),
  }
  return [own, shared].map(({ key, requests }) => ({
    ...{ key, windowSeconds: minute },
    requests: Math.max(1, Math.round(requests * scale)),
  }))
}

/** Requests a minute of who runs Worklane, whichever organisations they belong to. */
const perOperator = { read: 300, write: 60 } as const

export const operatorLimit = (userId: UserId, of: keyof typeof perOperator, scale = 1): Limit => ({
  key: keyOf('operator', userId, of),
  requests: Math.max(1, Math.round(perOperator[of] * scale)),
  windowSeconds: minute,
})

/** Of what a person may do in a day, that reaches others or makes a tenant. */
const perDay = { invitations: 100, organisations: 20 } as const

export const dailyLimit = (userId: UserId, of: keyof typeof perDay, scale = 1): Limit => ({
  key: keyOf('day', userId, of),
  requests: Math.max(1, Math.round(perDay[of] * scale)),
  windowSeconds: 86_400,
})

/** Where an address belongs: of IPv6 the /64, which one subscriber has whole (RFC 6177). */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const all = [...groups, ...Array(missing).fill('0'), ...(tail ? tail.split(':') : [])]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** The limit of an address, before there is anybody who asks. */
export const addressLimit = (address: string, of: keyof typeof perAddress, scale = 1): Limit => ({
  key: keyOf('address', of, address),
  requests: Math.max(1, Math.round(perAddress[of] * scale)),
  windowSeconds: minute,
})
