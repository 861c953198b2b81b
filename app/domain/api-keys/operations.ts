import { z } from 'zod'
import { afterwards, record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { accessChanged } from '../live/channel.ts'
import { operation } from '../operation.ts'
import { IdCursor, listSize, pageOf, pageOfItems } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { tokenHash } from '../sessions/token.ts'
import { Id, Person } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { Scope } from './scopes.ts'
import { newKey, prefixOf } from './secret.ts'

const mostDays = 366

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    prefix: z.string(),
    scopes: z.array(z.string()),
    createdBy: Person,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof ApiKey>

const columns = {
  id: true,
  name: true,
  prefix: true,
  scopes: true,
  creator: { select: { id: true, name: true } },
  createdAt: true,
  expiresAt: true,
  lastUsedAt: true,
} as const

type Row = Omit<ApiKey, 'createdAt' | 'expiresAt' | 'lastUsedAt' | 'createdBy'> & {
  creator: ApiKey['createdBy']
  createdAt: Date
  expiresAt: Date
  lastUsedAt: Date | null
}

const keyOf = ({ creator, createdAt, expiresAt, lastUsedAt, ...row }: Row): ApiKey => ({
  ...row,
  createdBy: creator,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
})

export const listApiKeys = operation({
  name: 'apiKey.list',
  rest: 'GET /v1/api-keys',
  summary: 'The API keys of your organisation, without their secrets, latest first',
  allow: 'admin',
  peopleOnly: true,
  input: z.strictObject({ cursor: IdCursor, limit: listSize }),
  output: pageOfItems(ApiKey),
  async run(actor, { cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.apiKey.findMany({
        relationLoadStrategy: 'join',
        where: cursor ? { id: { lt: cursor } } : {},
        orderBy: { id: 'desc' },
        take: limit + 1,
        select: columns,
      }),
    )
    return pageOf(rows, limit, keyOf, ({ id }) => id)
  },
})

export const createApiKey = operation({
  name: 'apiKey.create',
  rest: 'POST /v1/api-keys',
  summary: 'Makes an API key that acts as you, and shows its secret this once',
  allow: 'admin',
  peopleOnly: true,
  needsProof: true,
  locks: 'organisation',
  secret: true,
  input: z.strictObject({
    name: line(80),
    scopes: z.array(Scope).min(1, 'must name at least one scope').max(60),
    expiresInDays: z.number().int().min(1).max(mostDays).default(90),
  }),
  output: ApiKey.extend({ secret: z.string() }).meta({ id: 'NewApiKey' }),
  run: (actor, { name, scopes, expiresInDays }) =>
    tenantDb(actor).transaction(async (tx) => {
      const secret = newKey()
      const row = await tx.apiKey.create({
        data: {
          orgId: actor.orgId,
          name,
          scopes: [...new Set<string>(scopes)].sort(),
          prefix: prefixOf(secret),
          keyHash: tokenHash(secret),
          createdBy: actor.userId,
          expiresAt: new Date(Date.now() + expiresInDays * 86_400_000),
        },
        select: columns,
      })
      const key = keyOf(row)
      record(`apiKey ${key.id}`, null, key)
      return { ...key, secret }
    }),
})

export const revokeApiKey = operation({
  name: 'apiKey.revoke',
  rest: 'DELETE /v1/api-keys/:apiKeyId',
  summary: 'Ends an API key; its next request is refused',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  input: z.strictObject({ apiKeyId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { apiKeyId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const known = await tx.apiKey.findFirst({ where: { id: apiKeyId }, select: columns })
      if (!known) throw notFound('API key')
      await tx.apiKey.deleteMany({ where: { id: apiKeyId } })
      record(`apiKey ${apiKeyId}`, keyOf(known), null)
      afterwards(() => accessChanged([{ user: known.creator.id }]))
      return { id: apiKeyId }
    }),
})
