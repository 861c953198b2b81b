import { mayAct } from '@worklane/domain/actor.ts'
import { amountOf } from '@worklane/domain/billing/amounts.ts'
import { type Billing, getBilling, type Invoice, listInvoices } from '@worklane/domain/billing/operations.ts'
import { type Counted, type Metered, plans } from '@worklane/domain/billing/plans.ts'
import { execute } from '@worklane/domain/execute.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Clock, longDate, shortDate } from '#web/lib/format.ts'
import { money } from '#web/lib/money.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { billing as texts } from '#web/texts/billing.ts'
import { settings } from '#web/texts/settings.ts'
import { Choose, Manage, Syncing } from './billing-forms.tsx'
import { CancelSubscription, ResumeSubscription, UndoChange } from './ending-forms.tsx'
import { Following } from './following.tsx'
import { PlanChange } from './plan-change.tsx'

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
    <Following state={stateOf(billing)}>
      <Section title={texts.plan(plans[billing.plan].name)} text={costs(billing)}>
        <div className="flex flex-col items-start gap-3 text-sm">
          <State billing={billing} clock={clock} />
          {asked.checkout === 'done' && !subscription ? <Syncing /> : null}
          {isOn && (subscription || invoices.items.length > 0) ? (
            <div className="flex flex-wrap gap-2">
              {subscription ? <Ways subscription={subscription} clock={clock} /> : null}
              <Manage />
            </div>
          ) : null}
          {isOn ? null : <p className="text-muted">{texts.off}</p>}
        </div>
      </Section>
      <Section title={texts.use}>
        <dl className="flex flex-col gap-4">
          {billing.use.map(({ of, used, limit }) => (
            <Use key={of} of={of} name={texts.used[of]} used={used} limit={limit} />
          ))}
          {billing.month.map(({ of, used, included, perThousand }) => (
            <Use
              key={of}
              of={of}
              name={texts.usedInMonth[of]}
              used={used}
              limit={included}
              {...(perThousand
                ? { beyond: texts.beyond(money(perThousand.amount, perThousand.currency)) }
                : {})}
            />
          ))}
        </dl>
      </Section>
      {isOn && !subscription ? <Begin readOnlyAt={billing.readOnlyAt} /> : null}
      {isOn && subscription ? <Change billing={billing} subscription={subscription} clock={clock} /> : null}
      <Section title={texts.invoices}>
        {invoices.items.length === 0 ? (
          <p className="text-sm text-muted">{texts.none}</p>
        ) : (
          <Invoices items={invoices.items} clock={clock} />
        )}
        <NextPage address="/settings/billing" cursor={invoices.nextCursor} />
      </Section>
      {isOn && subscription && subscription.cancelAt === null ? (
        <Cancel subscription={subscription} clock={clock} />
      ) : null}
    </Following>
  )
}

/** Who owes of a subscription that has ended pays first. */
function Begin({ readOnlyAt }: Pick<Billing, 'readOnlyAt'>) {
  if (readOnlyAt !== null) return <Section title={texts.choose} text={texts.payBefore} />
  return (
    <Section title={texts.choose} text={texts.chooseText}>
      <Choose />
    </Section>
  )
}

/** What a change of the subscription can be seen by. */
const stateOf = ({ subscription, readOnlyAt }: Billing): string => {
  const { plan, interval, cancelAt, scheduled } = subscription ?? {}
  return JSON.stringify([plan, interval, cancelAt, scheduled, readOnlyAt])
}

type Subscribed = { subscription: NonNullable<Billing['subscription']>; clock: Clock }

/** What can be taken back. */
function Ways({ subscription: { cancelAt, scheduled, periodEnd }, clock }: Subscribed) {
  if (cancelAt !== null) return <ResumeSubscription day={longDate(periodEnd, clock)} />
  return scheduled ? <UndoChange /> : null
}

function Cancel({ subscription: { periodEnd, scheduled }, clock }: Subscribed) {
  const text = [texts.cancelText(longDate(periodEnd, clock)), ...(scheduled ? [texts.cancelDrops] : [])].join(
    ' ',
  )
  return (
    <Section title={texts.cancelIt} text={text}>
      <CancelSubscription text={text} />
    </Section>
  )
}

function Change({ billing, subscription, clock }: Subscribed & { billing: Billing }) {
  const { plan, interval, scheduled, status, cancelAt } = subscription
  const isOwing = billing.readOnlyAt !== null || status === 'past_due' || status === 'unpaid'
  if (isOwing) return <Section title={texts.change} text={texts.payFirst} />
  if (cancelAt !== null) return <Section title={texts.change} text={texts.resumeFirst} />
  const day = scheduled && longDate(scheduled.at, clock)
  return (
    <Section title={texts.change} text={status === 'trialing' ? texts.changeTrial : texts.changeText}>
      <PlanChange
        key={`${plan} ${interval}`}
        current={{ plan, interval }}
        scheduled={scheduled && { plan: scheduled.plan, interval: scheduled.interval, day: day ?? '' }}
        zone={clock.zone}
      />
    </Section>
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
  const day = (at: string) => longDate(at, clock)
  if (readOnlyAt !== null) {
    const isNow = Date.parse(readOnlyAt) <= clock.now.getTime()
    const [until, after] = subscription
      ? [texts.owing, texts.readOnly]
      : [texts.owingAfter, texts.readOnlyAfter]
    return (
      <p role="alert" className={warning}>
        {isNow ? after : until(day(readOnlyAt))}
      </p>
    )
  }
  if (!subscription) return null
  const { cancelAt, trialEnd, status, periodEnd, scheduled } = subscription
  if (cancelAt !== null) return <p>{texts.cancelled(day(cancelAt))}</p>
  if (scheduled) {
    const { plan, interval, at } = scheduled
    return <p>{texts.scheduled(plans[plan].name, interval, longDate(at, clock))}</p>
  }
  if (status === 'trialing' && trialEnd !== null) return <p>{texts.trial(day(trialEnd))}</p>
  return <p className="text-muted">{texts.renews(day(periodEnd))}</p>
}

const free = '[&::-moz-progress-bar]:bg-accent [&::-webkit-progress-value]:bg-accent'
const full = '[&::-moz-progress-bar]:bg-danger [&::-webkit-progress-value]:bg-danger'

type UseProps = { of: Counted | Metered; name: string; used: number; limit: number | null; beyond?: string }

/** @param beyond what more than the limit costs; without it more is refused */
function Use({ of, name, used, limit, beyond }: UseProps) {
  const isFull = limit !== null && used >= limit && beyond === undefined
  const shown = (amount: number) => amountOf(of, amount)
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
      <dt className="font-semibold">{name}</dt>
      <dd className="text-muted tabular-nums">
        {limit === null ? texts.unlimited(shown(used)) : texts.of(shown(used), shown(limit))}
      </dd>
      {limit === null ? null : (
        <dd className="mt-2 w-full">
          <progress
            aria-label={name}
            max={limit}
            value={Math.min(used, limit)}
            className={`block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-line ${isFull ? full : free}`}
          />
        </dd>
      )}
      {beyond === undefined ? null : <dd className="mt-2 w-full text-muted">{beyond}</dd>}
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
              <td className={`${cell} ${isPayable(invoice) ? 'text-danger' : 'text-muted'}`}>
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

/** What Stripe has given up is owed all the same, and can be paid. */
const isPayable = ({ status }: Pick<Invoice, 'status'>) => status === 'open' || status === 'uncollectible'

function Links({ invoice: { status, number, hostedUrl, pdfUrl } }: { invoice: Invoice }) {
  const [named, link] = [number ?? texts.unnamed, 'text-accent-text hover:underline']
  if (isPayable({ status }) && hostedUrl)
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
