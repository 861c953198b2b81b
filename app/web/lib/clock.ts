import 'server-only'
import type { Actor } from '@worklane/domain/actor.ts'
import { dayIn } from '@worklane/domain/calendar.ts'
import { timeZoneOf } from '@worklane/domain/organisations/time-zone.ts'
import type { Clock } from './format.ts'

/** What a page shows times by: the actor's organisation's clocks. */
export async function clockOf(actor: Actor): Promise<Clock> {
  const zone = await timeZoneOf(actor)
  const now = new Date()
  return { now, zone, today: dayIn(zone, now) }
}
