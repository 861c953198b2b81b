import { z } from 'zod'
import { Link, template } from './letter.ts'

export const invitation = template({
  data: z.object({
    /** Null for somebody who left since. */
    inviter: z.string().nullable(),
    organisation: z.string(),
    role: z.string(),
    goodForDays: z.number().int(),
    link: Link,
  }),
  letter: ({ inviter, organisation, role, goodForDays, link }) => ({
    // Whoever reads it never asked for it: what somebody chose stands only below our own words.
    subject: 'You are invited to an organisation on Worklane',
    preheader: `You can join it as ${role}.`,
    heading: `Join ${organisation}`,
    paragraphs: [
      `${inviter ?? 'Somebody'} invites you to work in ${organisation} as ${role}.`,
      `The link is good for ${goodForDays} days, once.`,
    ],
    action: { label: 'Open the invitation', link },
    notes: ['You do not know who this is? Then leave the mail alone: nothing happens without the link.'],
  }),
})
