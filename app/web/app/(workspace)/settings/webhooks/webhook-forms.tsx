'use client'

import type { EventType } from '@worklane/domain/webhooks/events.ts'
import type { Webhook } from '@worklane/domain/webhooks/shapes.ts'
import { type FormEvent, useRef, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { ShownOnce } from '#web/components/settings/shown-once.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'

const { webhooks: texts } = settings

type Types = { types: readonly EventType[] }

export function NewWebhook({ types }: Types) {
  const { act, said, isPending } = useAct()
  const [secret, setSecret] = useState<string | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const input = given(form)
    setSecret(null)
    const worked = await act(async (api) => setSecret((await api.webhook.create.mutate(input)).secret))
    if (worked) form.reset()
  }

  return (
    <>
      <form onSubmit={create}>
        <fieldset disabled={isPending} className="flex flex-col gap-4">
          <Fields id="new" types={types} />
          <div>
            <Button type="submit">{texts.add}</Button>
          </div>
        </fieldset>
        <Said said={said?.bad ? said : null} />
      </form>
      {secret ? <ShownOnce key={secret} secret={secret} text={texts.shown} /> : null}
    </>
  )
}

/** Closed until it is asked for. */
export function EditWebhook({ webhook, types }: Types & { webhook: Webhook }) {
  const { act, said, isPending } = useAct()
  const details = useRef<HTMLDetailsElement>(null)

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const input = { webhookId: webhook.id, ...given(event.currentTarget) }
    if ((await act((api) => api.webhook.update.mutate(input))) && details.current)
      details.current.open = false
  }

  return (
    <details ref={details} className="open:basis-full">
      <summary
        aria-label={texts.editOf(webhook.url)}
        className="w-fit rounded-md px-2 py-1 text-sm text-muted hover:bg-sunken hover:text-ink"
      >
        {texts.edit}
      </summary>
      <form onSubmit={save} className="my-3">
        <fieldset disabled={isPending} className="flex flex-col gap-4">
          <Fields id={webhook.id} types={types} webhook={webhook} />
          <div>
            <Button type="submit">{settings.save}</Button>
          </div>
        </fieldset>
        <Said said={said?.bad ? said : null} />
      </form>
    </details>
  )
}

function Fields({ id, types, webhook }: Types & { id: string; webhook?: Webhook }) {
  const groups = Map.groupBy(types, (type) => type.split('.')[0] as keyof typeof texts.eventsOf)
  return (
    <>
      <div className="flex flex-wrap gap-x-3 gap-y-4 *:basis-64">
        <Field
          label={texts.url}
          hint={texts.urlHint}
          id={`url-${id}`}
          name="url"
          type="url"
          required
          maxLength={2_000}
          placeholder="https://"
          defaultValue={webhook?.url}
        />
        <Field
          label={texts.description}
          hint={texts.descriptionHint}
          id={`description-${id}`}
          name="description"
          maxLength={200}
          defaultValue={webhook?.description}
        />
      </div>
      <fieldset>
        <legend className={labelClass}>{texts.events}</legend>
        <div className="grid grid-cols-1 gap-x-5 gap-y-4 min-[26rem]:grid-cols-2 sm:grid-cols-3">
          {[...groups].map(([group, its]) => (
            <fieldset key={group} className="flex flex-col gap-1.5">
              <legend className="mb-1 text-xs text-muted">{texts.eventsOf[group]}</legend>
              {its.map((type) => (
                <label key={type} className="flex items-center gap-2 text-sm">
                  <input
                    type="checkbox"
                    name="event"
                    value={type}
                    defaultChecked={webhook ? webhook.events.includes(type) : group === 'task'}
                  />
                  <code>{type}</code>
                </label>
              ))}
            </fieldset>
          ))}
        </div>
      </fieldset>
    </>
  )
}

function given(form: HTMLFormElement) {
  const data = new FormData(form)
  return {
    url: String(data.get('url')),
    description: String(data.get('description')),
    events: data.getAll('event') as EventType[],
  }
}
