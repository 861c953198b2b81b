import { z } from 'zod'

/** What a mail says, before it is HTML or text: every template makes one of these. */
export type Letter = {
  subject: string
  /** What programs show beside the subject in a list of mails. */
  preheader: string
  heading: string
  paragraphs: string[]
  /** A list of things, each with where it leads. */
  items?: Item[]
  /** The one thing to do. */
  action: { label: string; link: string }
  /** Small print below it. */
  notes?: string[]
  /** Of a mail that comes regularly: where it is ended without signing in, by hand and by a mail program. */
  unsubscribe?: { page: string; oneClick: string }
}

/** A template: what it is given, checked as the mail is sent, and what it says. */
export type Template<Data extends z.ZodType> = { data: Data; letter(data: z.output<Data>): Letter }

export const template = <Data extends z.ZodType>(definition: Template<Data>): Template<Data> => definition

/** Where a mail leads: a page, nothing that runs. */
export const Link = z.url({ protocol: /^https?$/ })

export const Item = z.object({ title: z.string(), text: z.string(), link: Link })
export type Item = z.output<typeof Item>
