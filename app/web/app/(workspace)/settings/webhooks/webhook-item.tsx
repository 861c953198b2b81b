import type { EventType } from '@worklane/domain/webhooks/events.ts'
import type { Webhook } from '@worklane/domain/webhooks/shapes.ts'
import Link from 'next/link'
import { buttonClass } from '#web/components/ui/button.tsx'
import { ago, type Clock, longDate } from '#web/lib/format.ts'
import { settings } from '#web/texts/settings.ts'
import { Actions } from './webhook-actions.tsx'
import { EditWebhook } from './webhook-forms.tsx'

const { webhooks: texts } = settings

const looks = {
  works: 'bg-good-soft text-good',
  failing: 'bg-warn-soft text-warn',
  disabled: 'bg-danger-soft text-danger',
} as const

type Props = { webhook: Webhook; clock: Clock; types: readonly EventType[] }

/** An endpoint: how it is, what it is told, and what can be done with it. */
export function WebhookItem({ webhook, clock, types }: Props) {
  const { id, url, description, events, enabled, failingSince } = webhook
  const state = !enabled ? 'disabled' : failingSince ? 'failing' : 'works'
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className={`rounded-md px-1.5 py-0.5 text-xs font-semibold ${looks[state]}`}>
          {texts.states[state]}
        </span>
        <code className="min-w-0 text-sm font-semibold break-all">{url}</code>
      </div>
      {description ? <p className="mt-1 text-sm">{description}</p> : null}
      <p className="mt-1 text-xs break-words text-muted">{events.join(', ')}</p>
      <Notes webhook={webhook} clock={clock} />
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <Link
          href={`/settings/webhooks?webhook=${id}`}
          prefetch={false}
          aria-label={texts.logOf(url)}
          className={buttonClass({ look: 'quiet' })}
        >
          {texts.log}
        </Link>
        <Actions webhook={{ id, url, enabled }} />
        <EditWebhook webhook={webhook} types={types} />
      </div>
    </li>
  )
}

/** What stands against it at the moment, or soon will. */
function Notes({ webhook, clock }: Omit<Props, 'types'>) {
  const { disabledBecause, failingSince, previousSecretUntil } = webhook
  const notes = [
    disabledBecause && texts.because[disabledBecause],
    !disabledBecause && failingSince && texts.failing(ago(failingSince, clock)),
    previousSecretUntil && texts.rolling(longDate(previousSecretUntil, clock)),
  ].filter((note): note is string => Boolean(note))
  return notes.map((note) => (
    <p key={note} className="mt-1 text-sm text-warn">
      {note}
    </p>
  ))
}
