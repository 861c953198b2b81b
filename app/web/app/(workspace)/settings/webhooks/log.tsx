import type { Actor } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listDeliveries } from '@worklane/domain/webhooks/deliveries.ts'
import { getWebhook } from '@worklane/domain/webhooks/endpoints.ts'
import { DeliveryState } from '@worklane/domain/webhooks/shapes.ts'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { NextPage } from '#web/components/settings/pages.tsx'
import { Section } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { ago, type Clock } from '#web/lib/format.ts'
import { settings } from '#web/texts/settings.ts'
import { DeliveryItem } from './delivery-item.tsx'

const { webhooks: texts } = settings

type Props = {
  actor: Actor
  webhookId: string
  state?: DeliveryState | undefined
  cursor?: string | undefined
}

/** What was sent to one endpoint, and what came of it. */
export async function Log({ actor, webhookId, state, cursor }: Props) {
  const [webhook, { items, nextCursor }, clock] = await orNotFound(
    Promise.all([
      execute(getWebhook, actor, { webhookId }),
      execute(listDeliveries, actor, { webhookId, state, cursor, limit: 30 }),
      clockOf(actor),
    ]),
  )
  const address = `/settings/webhooks?webhook=${webhookId}`
  return (
    <Section title={texts.logOf(webhook.url)}>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <States address={address} chosen={state} />
        <Link href="/settings/webhooks" prefetch={false} className="text-sm text-accent-text hover:underline">
          {texts.back}
        </Link>
      </div>
      {items.length === 0 ? (
        <p className="text-sm text-muted">{state || cursor ? texts.noneOfState : texts.noDeliveries}</p>
      ) : null}
      <ul className="-mx-2 divide-y">
        {items.map((delivery) => (
          <DeliveryItem
            key={delivery.id}
            delivery={delivery}
            mayResend={webhook.enabled}
            created={ago(delivery.createdAt, clock)}
            next={nextIn(delivery.nextAttemptAt, clock)}
          />
        ))}
      </ul>
      <NextPage address={state ? `${address}&state=${state}` : address} cursor={nextCursor} />
    </Section>
  )
}

/** Links, and no form: one choice is one press. */
function States({ address, chosen }: { address: string; chosen: DeliveryState | undefined }) {
  return (
    <ul className="flex flex-wrap gap-1">
      {[undefined, ...DeliveryState.options].map((state) => (
        <li key={state ?? ''}>
          <Link
            href={state ? `${address}&state=${state}` : address}
            prefetch={false}
            aria-current={state === chosen ? 'true' : undefined}
            className="block rounded-lg px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:text-ink"
          >
            {state ? texts.state[state] : texts.any}
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** How long until the next try, as people say it; null where there is none. */
function nextIn(at: string | null, { now }: Clock): string | null {
  if (at === null) return null
  const minutes = Math.round((Date.parse(at) - now.getTime()) / 60_000)
  if (minutes < 1) return texts.soon
  return minutes < 60 ? `in ${minutes} min` : `in ${Math.round(minutes / 60)} h`
}

/** One that is no more, or another organisation's, is a page that does not exist. */
async function orNotFound<T>(found: Promise<T>): Promise<T> {
  try {
    return await found
  } catch (error) {
    if (error instanceof Problem && error.kind === 'notFound') notFound()
    throw error
  }
}
