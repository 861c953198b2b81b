const day = 86_400_000

/** "today", "in 3 days", "2 days ago", or a date further away. Days are the calendar's, in UTC. */
export function dueText(dueOn: string, today: Date): { text: string; state: 'overdue' | 'soon' | 'later' } {
  const days = Math.round((Date.parse(dueOn) - Date.parse(today.toISOString().slice(0, 10))) / day)
  const state = days < 0 ? 'overdue' : days <= 7 ? 'soon' : 'later'
  if (days === 0) return { text: 'Today', state }
  if (days === 1) return { text: 'Tomorrow', state }
  if (days === -1) return { text: 'Yesterday', state }
  if (Math.abs(days) < 7) return { text: days > 0 ? `In ${days} days` : `${-days} days ago`, state }
  return { text: shortDate(new Date(dueOn)), state }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export const shortDate = (date: Date): string => `${date.getUTCDate()} ${months[date.getUTCMonth()]}`

/** "just now", "5 min", "3 h", "2 d", or a date. */
export function ago(at: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(at)) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ago`
  if (minutes < 7 * 1440) return `${Math.floor(minutes / 1440)} d ago`
  return shortDate(new Date(at))
}

export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()

/** One of twelve hues, the same for a name on every page; a number, since the policy allows no inline styles. */
export const hueOf = (name: string): number =>
  [...name].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 360, 7) % 12
