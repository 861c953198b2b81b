import type { Mail } from '../mail/mail.ts'
import type { Cause } from './dunning-causes.ts'
import { moneyInWords } from './money.ts'
import type { Invoice } from './reading.ts'

type Organisation = { name: string; timeZone: string }

/** What is written of a cause: what happened, what it means, and what to do. Days are the organisation's. */
export function letterOf(cause: Cause, organisation: Organisation): Pick<Mail, 'subject' | 'text'> {
  const day = (time: string) => dayInWords(time, organisation.timeZone)
  return letters[cause.kind](cause as never, { name: organisation.name, day })
}

type Words = { name: string; day: (time: string) => string }
type Letters = {
  [Kind in Cause['kind']]: (
    cause: Extract<Cause, { kind: Kind }>,
    words: Words,
  ) => Pick<Mail, 'subject' | 'text'>
}

const letters: Letters = {
  'payment failed': ({ invoice, attempt, readOnlyAt }, { name, day }) => ({
    subject: `A payment for ${name} failed`,
    text: [
      `We could not charge ${named(invoice)}. This was try ${attempt}.`,
      invoice.next_attempt_at === null
        ? 'There is no further try.'
        : `The next try is on ${day(invoice.next_attempt_at)}.`,
      `Choose another way of payment under Billing. From ${day(readOnlyAt)} on ${name} can only be read until the invoice is paid.`,
    ].join(' '),
  }),
  'confirmation needed': ({ invoice, readOnlyAt }, { name, day }) => ({
    subject: `Confirm a payment for ${name}`,
    text: `Your bank wants you to confirm the payment of ${named(invoice)}. Open the invoice under Billing and follow your bank’s steps. From ${day(readOnlyAt)} on ${name} can only be read until the invoice is paid.`,
  }),
  'read only soon': ({ invoice, readOnlyAt }, { name, day }) => ({
    subject: `${name} becomes read only on ${day(readOnlyAt)}`,
    text: `${sentence(named(invoice))} is not paid. From ${day(readOnlyAt)} on nobody can change anything in ${name} until it is. Pay it under Billing, or choose another way of payment there.`,
  }),
  'read only': ({ invoice }, { name }) => ({
    subject: `${name} is read only`,
    text: `${sentence(named(invoice))} is not paid, and so ${name} can only be read. Nothing is lost, and everything can be exported. Pay the invoice under Billing, and you can go on at once.`,
  }),
  paid: ({ invoice, owesMore }, { name }) => ({
    subject: `A payment for ${name} arrived`,
    text: `${sentence(named(invoice))} is paid. ${owesMore ? 'Another invoice is still open: you find it under Billing.' : `${name} works as before.`} Thank you.`,
  }),
  'trial ends': ({ endsAt }, { name, day }) => ({
    subject: `The trial of ${name} ends on ${day(endsAt)}`,
    text: `On ${day(endsAt)} the trial of ${name} ends, and the first invoice is charged. To change or cancel your plan, open Billing before that day.`,
  }),
}

const named = ({ number, total, currency }: Invoice): string =>
  `the invoice ${number ?? 'without a number'} of ${moneyInWords(total, currency)}`

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

const dayInWords = (time: string, timeZone: string): string =>
  new Date(time).toLocaleDateString('en-GB', { timeZone, day: 'numeric', month: 'long', year: 'numeric' })
