import type { OrgId, UserId } from '@worklane/data/ids.ts'
import { z } from 'zod'

export const Role = z.enum(['viewer', 'member', 'manager', 'admin', 'owner'])
/** Each role may do what the ones before it may. */
export type Role = z.infer<typeof Role>

export const Plan = z.enum(['free', 'team', 'business'])
export type Plan = z.infer<typeof Plan>

/** Who asks, and for which organisation: looked up by the server from a session, never sent by a client. */
export type Actor = { userId: UserId; orgId: OrgId; role: Role; plan: Plan; sessionVersion: number }

export const mayAct = (actor: Actor, least: Role): boolean =>
  Role.options.indexOf(actor.role) >= Role.options.indexOf(least)
