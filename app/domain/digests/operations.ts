import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { Frequency } from './frequency.ts'

export const NotificationPreferences = z
  .object({
    /** How often a mail tells what one has not read in this organisation. */
    digest: Frequency,
    /** When the next one is due, should there be something to tell; null for never. */
    nextDigestAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'NotificationPreferences' })
export type NotificationPreferences = z.infer<typeof NotificationPreferences>

export const getPreferences = operation({
  name: 'notification.preferences',
  rest: 'GET /v1/notifications/preferences',
  summary: 'How often you get mails about this organisation',
  allow: 'viewer',
  input: z.strictObject({}),
  output: NotificationPreferences,
  async run(actor) {
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<Row[]>`
        select every as digest, due_at as "dueAt" from digests
        where org_id = (select current_org_id()) and user_id = ${actor.userId}::uuid`,
    )
    return preferencesOf(rows)
  },
})

export const updatePreferences = operation({
  name: 'notification.updatePreferences',
  rest: 'PATCH /v1/notifications/preferences',
  summary: 'Chooses how often you get mails about this organisation',
  allow: 'viewer',
  evenReadOnly: true,
  audited: false,
  input: z.strictObject({ digest: Frequency }),
  output: NotificationPreferences,
  run: (actor, { digest }) =>
    tenantDb(actor).transaction(async (tx) =>
      preferencesOf(await tx.$queryRawUnsafe<Row[]>(upsert, ...valuesOf(actor, digest))),
    ),
})

type Row = { digest: Frequency; dueAt: Date | null }

const preferencesOf = ([row]: Row[]): NotificationPreferences => ({
  digest: row?.digest ?? 'off',
  nextDigestAt: row?.dueAt?.toISOString() ?? null,
})

const valuesOf = ({ orgId, userId }: Actor, digest: Frequency) => [orgId, userId, digest]

const upsert = `
  insert into digests (org_id, user_id, every, due_at)
  values ($1::uuid, $2::uuid, $3, next_digest($3, current_time_zone(), now()))
  on conflict (org_id, user_id) do update set every = excluded.every, due_at = excluded.due_at
  returning every as digest, due_at as "dueAt"`
