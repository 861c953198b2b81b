import { dayIn } from '@worklane/domain/calendar.ts'

const day = 86_400_000

/** What a page shows times by. */
export type Clock = {
  now: Date
  /** A name of the IANA time zone database. */
  zone: string
  /** The day that it is in the zone, as `2026-11-29`. */
  today: string
}

/** "today", "in 3 days", "2 days ago", or a date further away. Days are the calendar's. */
export function dueText(dueOn: string, today: string): { text: string; state: 'overdue' | 'soon' | 'later' } {
  const days = Math.round((Date.parse(dueOn) - Date.parse(today)) / day)
  const state = days < 0 ? 'overdue' : days <= 7 ? 'soon' : 'later'
  if (days === 0) return { text: 'Today', state }
  if (days === 1) return { text: 'Tomorrow', state }
  if (days === -1) return { text: 'Yesterday', state }
  if (Math.abs(days) < 7) return { text: days > 0 ? `In ${days} days` : `${-days} days ago`, state }
  return { text: shortDay(dueOn), state }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A day, which has no zone, as "24 Dec". */
export const shortDay = (day: string): string =>
  `${Number(day.slice(8, 10))} ${months[Number(day.slice(5, 7)) - 1]}`

/** The day of a moment, where the clock hangs. */
export const shortDate = (at: string, { zone }: Pick<Clock, 'zone'>): string =>
  shortDay(dayIn(zone, new Date(at)))

/** The same with its year, for what may be more than a year away. */
export function longDate(at: string, { zone }: Pick<Clock, 'zone'>): string {
  const day = dayIn(zone, new Date(at))
  return `${shortDay(day)} ${day.slice(0, 4)}`
}

/** "just now", "5 min", "3 h", "2 d", or a date. */
export function ago(at: string, clock: Clock): string {
  const minutes = Math.floor((clock.now.getTime() - Date.parse(at)) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ago`
  if (minutes < 7 * 1440) return `${Math.floor(minutes / 1440)} d ago`
  return shortDate(at, clock)
}

export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()

/** One of twelve hues, the same for a name on every page; a number, since the policy allows no inline styles. */
export const hueOf = (name: string): number =>
  [...name].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 360, 7) % 12
