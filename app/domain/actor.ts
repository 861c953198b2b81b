import type { OrgId, UserId } from '@worklane/data/ids.ts'
import { z } from 'zod'

export const Role = z.enum(['viewer', 'member', 'manager', 'admin', 'owner'])
/** Each role may do what the ones before it may. */
export type Role = z.infer<typeof Role>

export const Plan = z.enum(['free', 'team', 'business'])
export type Plan = z.infer<typeof Plan>

/** Who asks, and for which organisation: looked up by the server from a session or a key, never sent by a client. */
export type Actor = {
  userId: UserId
  orgId: OrgId
  role: Role
  plan: Plan
  /** From then on the organisation is read only, since an invoice is not paid; null for one that owes nothing. Epoch ms. */
  readOnlyAt: number | null
  sessionVersion: number
  /** The session that asks; null when a key does. */
  sessionId: string | null
  /** The API key that asks, with what it may do; null when a person does. */
  key: { id: string; scopes: readonly string[] } | null
  /** Ties log lines, audit entries and the database's own log to one request. */
  requestId: string
}

export const atLeast = (role: Role, least: Role): boolean =>
  Role.options.indexOf(role) >= Role.options.indexOf(least)

export const mayAct = (actor: Pick<Actor, 'role'>, least: Role): boolean => atLeast(actor.role, least)
