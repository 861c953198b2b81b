import { z } from 'zod'
import { Item, Link, template } from './letter.ts'

export const digest = template({
  data: z.object({
    organisation: z.string(),
    every: z.enum(['daily', 'weekly']),
    /** How many there are; `isMore` where they were not counted further. */
    unread: z.number().int().positive(),
    isMore: z.boolean(),
    items: z.array(Item).min(1),
    /** The list of notifications. */
    link: Link,
    unsubscribe: z.object({ page: Link, oneClick: Link }),
  }),
  letter({ organisation, every, unread, isMore, items, link, unsubscribe }) {
    const count = `${unread}${isMore ? ' or more' : ''}`
    const things = unread === 1 ? 'notification' : 'notifications'
    return {
      subject: `${count} unread ${things} in ${organisation}`,
      preheader: items.map(({ title }) => title).join(' · '),
      heading: `What you have not read in ${organisation}`,
      paragraphs: [
        `${every === 'daily' ? 'Since yesterday' : 'Since last week'}: ${count} unread ${things}.`,
      ],
      items,
      action: { label: labelOf(unread - items.length, isMore), link },
      notes: [
        `You get this mail ${every === 'daily' ? 'every day' : 'every week'} as a member of ${organisation}.`,
      ],
      unsubscribe,
    }
  },
})

function labelOf(rest: number, isMore: boolean): string {
  if (isMore) return 'Open all of them'
  return rest > 0 ? `Open all, with ${rest} more` : 'Open your notifications'
}
