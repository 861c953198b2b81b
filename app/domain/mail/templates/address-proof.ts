import { z } from 'zod'
import { Link, template } from './letter.ts'

/** What the first link to an address does besides signing in, see docs/decisions/030. */
export const addressProof = template({
  data: z.object({ link: Link }),
  letter: ({ link }) => ({
    subject: 'Confirm your e-mail address for Worklane',
    preheader: 'Open the link in the browser in which you signed up.',
    heading: 'Confirm your e-mail address',
    paragraphs: [
      'Open this link in the browser in which you signed up: it confirms that this address is yours. It is good for 15 minutes, once.',
    ],
    action: { label: 'Confirm the address', link },
    notes: [
      'In another browser it signs you in to a clean account, without its password and whom it let in, since somebody else may have signed up with your address.',
    ],
  }),
})
