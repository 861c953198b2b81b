import { z } from 'zod'
import { Link, template } from './letter.ts'

/** A few sentences and a link, for what has no template of its own; and every mail of a version before templates. */
export const notice = template({
  data: z.object({ subject: z.string(), text: z.string(), link: Link }),
  letter: ({ subject, text, link }) => ({
    subject,
    preheader: text.slice(0, 120),
    heading: subject,
    paragraphs: text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== ''),
    action: { label: 'Open in Worklane', link },
  }),
})
