import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { cached } from '../cache.ts'
import { invalidField, notFound } from '../errors.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'

const must = 'must be a name of the IANA time zone database, such as Europe/Berlin'

/** A name that JavaScript knows; an offset such as `+05:30`, which it takes as well, has no rules for its summers. */
export const TimeZone = z
  .string()
  .max(64)
  .refine((name) => /^[A-Za-z]/.test(name) && isKnown(name), must)
  .meta({ example: 'Europe/Berlin', description: 'A name of the IANA time zone database' })

function isKnown(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** The zone as Postgres spells it: pages count days in JavaScript and reports in SQL, so both must know it. */
export async function knownToPostgres(tx: Transaction, timeZone: string): Promise<string> {
  const [found] = await tx.$queryRaw<{ name: string }[]>`
    select name from pg_timezone_names where lower(name) = lower(${timeZone}) limit 1`
  if (!found) throw invalidField('timeZone', must)
  return found.name
}

const rule = { tags: () => [tags.organisation], shared: true, seconds: 300 }

/** Where the actor's organisation has its days and weeks. */
export const timeZoneOf = (actor: Actor): Promise<string> =>
  cached(actor, 'organisation.timeZone', rule, {}, async () => {
    const row = await tenantDb(actor).read((db) =>
      db.organisation.findFirst({ where: { id: actor.orgId }, select: { timeZone: true } }),
    )
    if (!row) throw notFound('organisation')
    return row.timeZone
  })
