import { z } from 'zod'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** The tenant. Never read from a client: a session or an API key leads to it. */
export type OrgId = Branded<'OrgId'>
export type UserId = Branded<'UserId'>

const uuid = z.uuid({ version: undefined, error: 'must be a UUID' })

/** For ids that come from our own database. @throws ZodError when the text is no UUID */
export const orgId = (text: string): OrgId => uuid.parse(text) as OrgId
export const userId = (text: string): UserId => uuid.parse(text) as UserId
