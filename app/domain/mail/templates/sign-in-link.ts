import { z } from 'zod'
import { Link, template } from './letter.ts'

export const signInLink = template({
  data: z.object({ link: Link }),
  letter: ({ link }) => ({
    subject: 'Your link to sign in to Worklane',
    preheader: 'It is good for 15 minutes, once.',
    heading: 'Sign in to Worklane',
    paragraphs: ['Sign in with this link. It is good for 15 minutes, once.'],
    action: { label: 'Sign in', link },
    notes: ['You did not ask for it? Then nothing needs to be done: nobody gets in without this link.'],
  }),
})
