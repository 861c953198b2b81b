import { mayAct } from '@worklane/domain/actor.ts'
import { plans } from '@worklane/domain/billing/plans.ts'
import { execute } from '@worklane/domain/execute.ts'
import { unprovedAddress } from '@worklane/domain/sessions/accounts.ts'
import { listDeliveries } from '@worklane/domain/webhooks/deliveries.ts'
import { listWebhooks } from '@worklane/domain/webhooks/endpoints.ts'
import { eventTypes } from '@worklane/domain/webhooks/events.ts'
import { webhooksAreOn } from '@worklane/domain/webhooks/secret.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireActor } from '#web/auth/actor.ts'
import { ToPlans } from '#web/components/refusal.tsx'
import { ProveAddress } from '#web/components/settings/prove-address.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'
import { Log } from './log.tsx'
import { NewWebhook } from './webhook-forms.tsx'
import { WebhookItem } from './webhook-item.tsx'

const { webhooks: texts } = settings

export const metadata: Metadata = { title: settings.sections.webhooks }

const { webhookId, state, cursor } = listDeliveries.input.shape

type Props = { searchParams: Promise<Query> }

export default function WebhooksPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Webhooks searchParams={searchParams} />
    </Streamed>
  )
}

async function Webhooks({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  if (!mayAct(actor, 'admin')) return <OnlyFor least="admin" />
  if (!webhooksAreOn()) return <Section title={settings.sections.webhooks} text={texts.off} />
  const { webhook } = readQuery(asked, { webhook: webhookId })
  if (webhook) return <Log actor={actor} webhookId={webhook} {...readQuery(asked, { state, cursor })} />
  const isInPlan = plans[actor.plan].features.webhooks
  const [{ items }, unproved, clock] = await Promise.all([
    execute(listWebhooks, actor, {}),
    unprovedAddress(actor),
    clockOf(actor),
  ])
  return (
    <>
      {isInPlan ? <Adding unproved={unproved} /> : <NotInPlan />}
      {isInPlan || items.length > 0 ? (
        <Section title={texts.list}>
          {items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
          <ul className="-my-2 divide-y">
            {items.map((each) => (
              <WebhookItem key={each.id} webhook={each} clock={clock} types={eventTypes} />
            ))}
          </ul>
          <Link
            href="/docs#webhooks"
            prefetch={false}
            className="mt-4 block text-sm text-accent-text hover:underline"
          >
            {texts.docs}
          </Link>
        </Section>
      ) : null}
    </>
  )
}

function Adding({ unproved }: { unproved: string | null }) {
  if (unproved) return <ProveAddress email={unproved} />
  return (
    <Section title={texts.create} text={texts.text}>
      <NewWebhook types={eventTypes} />
    </Section>
  )
}

/** Those that there are since an earlier plan can still be seen and removed. */
function NotInPlan() {
  return (
    <Section title={texts.notInPlan} text={texts.notInPlanText}>
      <ToPlans />
    </Section>
  )
}
