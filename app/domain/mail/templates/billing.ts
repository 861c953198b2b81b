import { z } from 'zod'
import { moneyInWords } from '../../billing/money.ts'
import { Link, template } from './letter.ts'

const Time = z.iso.datetime({ offset: true })
const Invoice = z.object({ number: z.string().nullable(), total: z.number().int(), currency: z.string() })

/** Why billing writes, as far as the words need it. */
export const BillingCause = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('payment failed'),
    invoice: Invoice.extend({ next_attempt_at: Time.nullable() }),
    attempt: z.number().int(),
    readOnlyAt: Time,
  }),
  z.object({ kind: z.literal('confirmation needed'), invoice: Invoice, readOnlyAt: Time }),
  z.object({ kind: z.literal('read only soon'), invoice: Invoice, readOnlyAt: Time }),
  z.object({ kind: z.literal('read only'), invoice: Invoice }),
  z.object({
    kind: z.literal('paid'),
    invoice: Invoice,
    owesMore: z.boolean(),
    /** Whether no subscription goes on: a mail that was written before this was said does not say it. */
    hasEnded: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('trial ends'), endsAt: Time }),
])
export type BillingCause = z.output<typeof BillingCause>

/** To owners and admins: what happened, what it means, and what to do. Days are the organisation's. */
export const billing = template({
  data: z.object({
    cause: BillingCause,
    organisation: z.object({ name: z.string(), timeZone: z.string() }),
    link: Link,
  }),
  letter({ cause, organisation, link }) {
    const day = (time: string) => dayInWords(time, organisation.timeZone)
    const { subject, paragraphs } = words[cause.kind](cause as never, { name: organisation.name, day })
    return {
      subject,
      preheader: paragraphs[0] ?? '',
      heading: subject,
      paragraphs,
      action: { label: 'Open Billing', link },
      notes: [`You get this mail as an owner or admin of ${organisation.name}.`],
    }
  },
})

type Known = { name: string; day: (time: string) => string }
type Said = { subject: string; paragraphs: string[] }
type Words = {
  [Kind in BillingCause['kind']]: (cause: Extract<BillingCause, { kind: Kind }>, known: Known) => Said
}

const words: Words = {
  'payment failed': ({ invoice, attempt, readOnlyAt }, { name, day }) => ({
    subject: `A payment for ${name} failed`,
    paragraphs: [
      `We could not charge ${named(invoice)}. This was try ${attempt}. ${
        invoice.next_attempt_at === null
          ? 'There is no further try.'
          : `The next try is on ${day(invoice.next_attempt_at)}.`
      }`,
      `Choose another way of payment under Billing. From ${day(readOnlyAt)} on ${name} can only be read until the invoice is paid.`,
    ],
  }),
  'confirmation needed': ({ invoice, readOnlyAt }, { name, day }) => ({
    subject: `Confirm a payment for ${name}`,
    paragraphs: [
      `Your bank wants you to confirm the payment of ${named(invoice)}. Open the invoice under Billing and follow your bank’s steps.`,
      `From ${day(readOnlyAt)} on ${name} can only be read until the invoice is paid.`,
    ],
  }),
  'read only soon': ({ invoice, readOnlyAt }, { name, day }) => ({
    subject: `${name} becomes read only on ${day(readOnlyAt)}`,
    paragraphs: [
      `${sentence(named(invoice))} is not paid. From ${day(readOnlyAt)} on nobody can change anything in ${name} until it is.`,
      'Pay it under Billing, or choose another way of payment there.',
    ],
  }),
  'read only': ({ invoice }, { name }) => ({
    subject: `${name} is read only`,
    paragraphs: [
      `${sentence(named(invoice))} is not paid, and so ${name} can only be read. Nothing is lost, and everything can be exported.`,
      'Pay the invoice under Billing, and you can go on at once.',
    ],
  }),
  paid: ({ invoice, owesMore, hasEnded }, { name }) => ({
    subject: `A payment for ${name} arrived`,
    paragraphs: [
      `${sentence(named(invoice))} is paid. ${afterPaying({ owesMore, hasEnded }, name)} Thank you.`,
    ],
  }),
  'trial ends': ({ endsAt }, { name, day }) => ({
    subject: `The trial of ${name} ends on ${day(endsAt)}`,
    paragraphs: [
      `On ${day(endsAt)} the trial of ${name} ends, and the first invoice is charged.`,
      'To change or cancel your plan, open Billing before that day.',
    ],
  }),
}

function afterPaying({ owesMore, hasEnded }: { owesMore: boolean; hasEnded: boolean }, name: string): string {
  if (owesMore) return 'Another invoice is still open: you find it under Billing.'
  return hasEnded
    ? `${name} is on the plan Free, since its subscription has ended. You can begin another one under Billing.`
    : `${name} works as before.`
}

const named = ({ number, total, currency }: z.output<typeof Invoice>): string =>
  `the invoice ${number ?? 'without a number'} of ${moneyInWords(total, currency)}`

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const dayInWords = (time: string, timeZone: string): string =>
  new Date(time).toLocaleDateString('en-GB', { timeZone, day: 'numeric', month: 'long', year: 'numeric' })
