import { dayIn, timeIn } from '@worklane/domain/calendar.ts'
import type { Clock } from '#web/lib/format.ts'

/** Operators are in no organisation: they read the time of the servers. */
export function utcNow(): Clock {
  const now = new Date()
  return { now, zone: 'UTC', today: dayIn('UTC', now) }
}

/** As `2026-11-29 14:05`. */
export const moment = (at: string): string => timeIn('UTC', new Date(at))
