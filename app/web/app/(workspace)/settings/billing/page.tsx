import { mayAct } from '@worklane/domain/actor.ts'
import { bytes } from '@worklane/domain/billing/amounts.ts'
import { type Billing, getBilling, type Invoice, listInvoices } from '@worklane/domain/billing/operations.ts'
import { plans } from '@worklane/domain/billing/plans.ts'
import { execute } from '@worklane/domain/execute.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Clock, shortDate } from '#web/lib/format.ts'
import { money } from '#web/lib/money.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { billing as texts } from '#web/texts/billing.ts'
import { settings } from '#web/texts/settings.ts'
import { Choose, Manage, Syncing } from './billing-forms.tsx'

export const metadata: Metadata = { title: settings.sections.billing }

type Props = { searchParams: Promise<Query> }

export default function BillingPage({ searchParams }: Props) {
  return (
    <Streamed>
      <BillingOf searchParams={searchParams} />
    </Streamed>
  )
}

async function BillingOf({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  if (!mayAct(actor, 'admin')) return <OnlyFor least="admin" />
  const { cursor } = readQuery(asked, { cursor: listInvoices.input.shape.cursor })
  const [billing, invoices, clock] = await Promise.all([
    execute(getBilling, actor, {}),
    execute(listInvoices, actor, { cursor, limit: 20 }),
    clockOf(actor),
  ])
  const { subscription, isOn } = billing
  return (
    <>
      <Section title={texts.plan(plans[billing.plan].name)} text={costs(billing)}>
        <div className="flex flex-col items-start gap-3 text-sm">
          <State billing={billing} clock={clock} />
          {asked.checkout === 'done' && !subscription ? <Syncing /> : null}
          {isOn && (subscription || invoices.items.length > 0) ? <Manage /> : null}
          {isOn ? null : <p className="text-muted">{texts.off}</p>}
        </div>
      </Section>
      <Section title={texts.use}>
        <dl className="flex flex-col gap-4">
          {billing.use.map((each) => (
            <Use key={each.of} {...each} />
          ))}
        </dl>
      </Section>
      {isOn && !subscription ? (
        <Section title={texts.choose} text={texts.chooseText}>
          <Choose />
        </Section>
      ) : null}
      <Section title={texts.invoices}>
        {invoices.items.length === 0 ? (
          <p className="text-sm text-muted">{texts.none}</p>
        ) : (
          <Invoices items={invoices.items} clock={clock} />
        )}
        <NextPage address="/settings/billing" cursor={invoices.nextCursor} />
      </Section>
    </>
  )
}

function costs({ plan, subscription }: Billing): string {
  if (!subscription) return plan === 'free' ? texts.free : texts.given
  const { seats, seat, interval } = subscription
  return texts.seats(seats, money(seat.amount, seat.currency), interval)
}

/** What somebody who pays has to know, the most urgent first, and nothing else. */
function State({ billing: { subscription, readOnlyAt }, clock }: { billing: Billing; clock: Clock }) {
  const warning = 'rounded-lg bg-danger-soft px-3 py-2 text-danger'
  const day = (at: string) => shortDate(at, clock)
  if (readOnlyAt !== null) {
    const isNow = Date.parse(readOnlyAt) <= clock.now.getTime()
    return (
      <p role="alert" className={warning}>
        {isNow ? texts.readOnly : texts.owing(day(readOnlyAt))}
      </p>
    )
  }
  if (!subscription) return null
  const { cancelAt, trialEnd, status, periodEnd } = subscription
  if (cancelAt !== null) return <p>{texts.cancelled(day(cancelAt))}</p>
  if (status === 'trialing' && trialEnd !== null) return <p>{texts.trial(day(trialEnd))}</p>
  return <p className="text-muted">{texts.renews(day(periodEnd))}</p>
}

const figure = (value: number) => value.toLocaleString('en')
const free = '[&::-moz-progress-bar]:bg-accent [&::-webkit-progress-value]:bg-accent'
const full = '[&::-moz-progress-bar]:bg-danger [&::-webkit-progress-value]:bg-danger'

function Use({ of, used, limit }: Billing['use'][number]) {
  const shown = of === 'storage' ? bytes : figure
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
      <dt className="font-semibold">{texts.used[of]}</dt>
      <dd className="text-muted tabular-nums">
        {limit === null ? texts.unlimited(shown(used)) : texts.of(shown(used), shown(limit))}
      </dd>
      {limit === null ? null : (
        <dd className="mt-2 w-full">
          <progress
            aria-label={texts.used[of]}
            max={limit}
            value={Math.min(used, limit)}
            className={`block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-line ${used >= limit ? full : free}`}
          />
        </dd>
      )}
    </div>
  )
}

function Invoices({ items, clock }: { items: Invoice[]; clock: Clock }) {
  const cell = 'py-2 pr-3'
  return (
    <div className="-mx-5 overflow-x-auto px-5">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b text-left text-muted">
            {[texts.number, texts.date, texts.state].map((name) => (
              <th key={name} scope="col" className={cell}>
                {name}
              </th>
            ))}
            <th scope="col" className={`${cell} text-right`}>
              {texts.total}
            </th>
            <th scope="col">
              <span className="sr-only">{texts.download}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((invoice) => (
            <tr key={invoice.id} className="border-b last:border-0">
              <th scope="row" className={`${cell} text-left whitespace-nowrap`}>
                {invoice.number ?? texts.unnamed}
              </th>
              <td className={`${cell} whitespace-nowrap`}>{shortDate(invoice.createdAt, clock)}</td>
              <td className={`${cell} ${invoice.status === 'open' ? 'text-danger' : 'text-muted'}`}>
                {texts.states[invoice.status]}
              </td>
              <td className={`${cell} text-right tabular-nums`}>
                {money(invoice.total.amount, invoice.total.currency)}
              </td>
              <td className="py-2 text-right whitespace-nowrap">
                <Links invoice={invoice} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Links({ invoice: { status, number, hostedUrl, pdfUrl } }: { invoice: Invoice }) {
  const [named, link] = [number ?? texts.unnamed, 'text-accent-text hover:underline']
  if (status === 'open' && hostedUrl)
    return (
      <a href={hostedUrl} className={`${link} font-semibold`} aria-label={texts.payOf(named)}>
        {texts.pay}
      </a>
    )
  if (!pdfUrl) return null
  return (
    <a href={pdfUrl} className={link} aria-label={texts.downloadOf(named)}>
      {texts.download}
    </a>
  )
}
