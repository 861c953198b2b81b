import { plans } from '@worklane/domain/billing/plans.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { getCustomer, type StripeCustomer } from '@worklane/domain/operators/customers.ts'
import { executeAsOperator } from '@worklane/domain/operators/perform.ts'
import type { ReactNode } from 'react'
import { requireOperator } from '#web/auth/operator.ts'
import { ago, type Clock } from '#web/lib/format.ts'
import { operators } from '#web/texts/operators.ts'
import { Resync } from './resync.tsx'
import { moment } from './times.ts'

const { customer: texts } = operators

/** What we hold of the customer whose events are looked at. */
export async function Customer({ id, clock }: { id: string; clock: Clock }) {
  const customer = await known(id)
  if (!customer) return <p className="mb-4 text-sm text-muted">{texts.unknown(id)}</p>
  const { organisation, readings, subscription, waiting } = customer
  return (
    <section aria-label={organisation.name} className="mb-4 rounded-xl border bg-surface p-5">
      <h2 className="font-semibold">{organisation.name}</h2>
      <p className="text-sm text-muted">
        <code className="break-all">{id}</code> · {texts.plan(plans[organisation.plan].name)}
        {organisation.readOnlyAt ? `, ${texts.readOnly(moment(organisation.readOnlyAt))}` : ''}
      </p>
      {readings.hasFailed ? (
        <p role="alert" className="mt-3 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          {texts.failed}
        </p>
      ) : null}
      <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-3 text-sm sm:grid-cols-3">
        <Fact name={texts.written}>
          {readings.writtenAt ? (
            <time dateTime={readings.writtenAt} title={moment(readings.writtenAt)}>
              {ago(readings.writtenAt, clock)}
            </time>
          ) : (
            texts.never
          )}
        </Fact>
        <Fact name={texts.readings}>{texts.readingsOf(readings.begun, readings.written)}</Fact>
        <Fact name={texts.held}>{heldUntil(customer, clock)}</Fact>
        <Fact name={texts.subscription}>
          {subscription ? (
            <>
              {subscription.status}, {plans[subscription.plan].name},{' '}
              {texts.seats(subscription.seats, subscription.interval)}
            </>
          ) : (
            texts.noSubscription
          )}
        </Fact>
        <Fact name={texts.until}>{subscription ? moment(subscription.periodEnd) : '–'}</Fact>
        <Fact name={texts.waiting}>{waiting}</Fact>
      </dl>
      <div className="mt-4">
        <Resync id={id} />
      </div>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="mt-0.5 tabular-nums">{children}</dd>
    </div>
  )
}

function heldUntil({ readings: { heldUntil: at } }: StripeCustomer, { now }: Clock): string {
  return at !== null && Date.parse(at) > now.getTime() ? moment(at) : texts.free
}

/** Null for one that is no organisation's. */
async function known(customerId: string): Promise<StripeCustomer | null> {
  try {
    return await executeAsOperator(getCustomer, await requireOperator(), { customerId })
  } catch (error) {
    if (error instanceof Problem && error.kind === 'notFound') return null
    throw error
  }
}
