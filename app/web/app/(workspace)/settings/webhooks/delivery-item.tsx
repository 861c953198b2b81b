'use client'

import type { WebhookDelivery } from '@worklane/domain/webhooks/shapes.ts'
import { type ToggleEvent, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { webhooks: texts } = settings

const looks = {
  waiting: 'bg-warn-soft text-warn',
  delivered: 'bg-good-soft text-good',
  failed: 'bg-danger-soft text-danger',
} as const satisfies Record<WebhookDelivery['state'], string>

type Api = typeof import('#web/lib/api.ts')['api']
type Details = Awaited<ReturnType<Api['webhook']['delivery']['query']>>

type Props = {
  delivery: WebhookDelivery
  /** One that is disabled is sent nothing. */
  mayResend: boolean
  /** When it was made and when it is tried next, in words. */
  created: string
  next: string | null
}

/** A delivery; what was sent and every try are asked for once it is opened. */
export function DeliveryItem({ delivery, mayResend, created, next }: Props) {
  const { id, type, state, attempts, lastStatus, lastError } = delivery
  const { act, said, isPending } = useAct()
  const [details, setDetails] = useState<Details | null>(null)

  async function load(): Promise<void> {
    const { api } = await import('#web/lib/api.ts')
    setDetails(await api.webhook.delivery.query({ deliveryId: id }))
  }
  const toggle = ({ newState }: ToggleEvent<HTMLDetailsElement>) => {
    if (newState === 'open') void load().catch(() => setDetails(null))
  }
  const resend = () => act((api) => api.webhook.resend.mutate({ deliveryId: id }), texts.resent)

  return (
    <li>
      <details className="group" onToggle={toggle}>
        <summary className="grid grid-cols-[5rem_minmax(0,1fr)_auto] items-center gap-x-3 rounded-lg px-2 py-2.5 text-sm hover:bg-sunken">
          <span className={`rounded-md px-1.5 py-0.5 text-center text-xs font-semibold ${looks[state]}`}>
            {texts.state[state]}
          </span>
          <span className="min-w-0">
            <code className="block truncate">{type}</code>
            <span className="block truncate text-xs text-muted">
              {[
                lastStatus ?? lastError,
                attempts > 0 ? texts.tries(attempts) : null,
                next ? texts.next(next) : null,
              ]
                .filter((part) => part !== null)
                .join(' · ')}
            </span>
          </span>
          <time dateTime={delivery.createdAt} className="text-xs whitespace-nowrap text-muted">
            {created}
          </time>
        </summary>
        <div className="px-2 pt-2 pb-4 text-sm">
          {mayResend ? (
            <Button look="quiet" disabled={isPending} onClick={resend}>
              {texts.resend}
            </Button>
          ) : null}
          <Said said={said} />
          {details ? <What details={details} /> : <p className="mt-3 text-muted">{texts.loading}</p>}
        </div>
      </details>
    </li>
  )
}

function What({ details: { body, messageId, tries } }: { details: Details }) {
  return (
    <>
      <h3 className="mt-4 font-semibold">{texts.sent}</h3>
      <p className="mt-1 text-xs text-muted">
        webhook-id: <code className="break-all">{messageId}</code>
      </p>
      <div className="mt-1">
        <Raw name={texts.sent} text={readable(body)} />
      </div>
      {tries.map(({ number, status, error, durationMs, response }) => (
        <div key={number} className="mt-4">
          <h3 className="font-semibold">
            {texts.answer(number)}: {status ?? texts.noAnswer}{' '}
            <span className="font-normal text-muted">· {texts.took(durationMs)}</span>
          </h3>
          {error ? <p className="mt-1">{error}</p> : null}
          {response ? <Raw name={texts.answer(number)} text={response} /> : null}
        </div>
      ))}
    </>
  )
}

/** What scrolls can be reached by keys. */
function Raw({ name, text }: { name: string; text: string }) {
  return (
    <section
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      className="mt-1 max-h-64 overflow-auto rounded-lg bg-sunken p-3"
    >
      <pre className="text-xs break-all whitespace-pre-wrap">{text}</pre>
    </section>
  )
}

const readable = (body: string): string => JSON.stringify(JSON.parse(body), null, 2)
