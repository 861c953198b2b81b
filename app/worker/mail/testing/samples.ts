import type { Mail, TemplateName } from '@worklane/domain/mail/mail.ts'
import type { BillingCause } from '@worklane/domain/mail/templates/billing.ts'

/** An address as long as they get, without a place to break it. */
const longLink = `https://worklane.test/sign-in?token=${'a1B2c3D4'.repeat(20)}&email=ada.lovelace%40analytical-engines.example`
const link = 'https://worklane.test/settings/billing'
const organisation = { name: 'Analytical Engines & Söhne GmbH <London>', timeZone: 'Europe/Berlin' }
const invoice = { number: 'WL-0042', total: 123_456, currency: 'eur' }
const readOnlyAt = '2026-03-15T10:00:00.000Z'

const causes: BillingCause[] = [
  {
    kind: 'payment failed',
    invoice: { ...invoice, next_attempt_at: '2026-03-04T10:00:00.000Z' },
    attempt: 1,
    readOnlyAt,
  },
  { kind: 'confirmation needed', invoice, readOnlyAt },
  { kind: 'read only soon', invoice, readOnlyAt },
  { kind: 'read only', invoice: { ...invoice, number: null } },
  { kind: 'paid', invoice, owesMore: false, hasEnded: true },
  { kind: 'trial ends', endsAt: readOnlyAt },
]

const items = [
  ['ATL-12 Renew the certificate of the staging cluster', 'Grace Hopper gave it to you'],
  [
    `ATL-13 ${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(3)}`,
    `Ada mentioned you: ${'x'.repeat(180)}`,
  ],
  ['Charles Babbage joined', 'Your invitation was accepted.'],
].map(([title = '', text = '']) => ({ title, text, link: 'https://worklane.test/tasks/0197fa30-7e01-7c3a' }))

const unsubscribe = {
  page: 'https://worklane.test/unsubscribe/5b3c7c1e',
  oneClick: 'https://worklane.test/unsubscribe/5b3c7c1e/one-click',
}

type Samples = { [Name in TemplateName]: Record<string, Mail<Name>['data']> }

/** Each template with what makes it long, wide, or odd. */
const samples: Samples = {
  'sign-in-link': { 'a long link': { link: longLink } },
  'address-proof': { 'a long link': { link: longLink } },
  invitation: {
    'names with marks': {
      ...{ inviter: 'Ada "Countess" Lovelace', organisation: organisation.name, role: 'member' },
      ...{ goodForDays: 7, link: longLink },
    },
    'somebody who left': {
      ...{ inviter: null, organisation: 'Atlas', role: 'viewer', goodForDays: 7, link },
    },
  },
  billing: Object.fromEntries(causes.map((cause) => [cause.kind, { cause, organisation, link }])),
  digest: {
    'more than it shows': {
      ...{
        organisation: organisation.name,
        every: 'daily',
        unread: 100,
        isMore: true,
        items,
        link,
        unsubscribe,
      },
    },
    'one thing': {
      ...{ organisation: 'Atlas', every: 'weekly', unread: 1, isMore: false, items: items.slice(0, 1) },
      ...{ link, unsubscribe },
    },
  },
  notice: {
    'two paragraphs': { subject: 'Your export is ready', text: 'It is good for a day.\n\nThank you.', link },
  },
}

/** All of them, as the outbox would hold them. */
export const sampleMails = Object.entries(samples).flatMap(([template, cases]) =>
  Object.entries(cases).map(([name, data]) => ({
    name: `${template}, ${name}`,
    payload: { to: 'ada@example.test', template, data },
  })),
)
