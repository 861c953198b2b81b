'use client'

import { type FormEvent, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { ShownOnce } from '#web/components/settings/shown-once.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'

const { apiKeys: texts } = settings

export function NewKey({ capabilities }: { capabilities: string[] }) {
  const { act, said, isPending } = useAct()
  const [secret, setSecret] = useState<string | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const data = new FormData(form)
    const input = {
      name: String(data.get('name')),
      scopes: data.getAll('scope').map(String),
      expiresInDays: Number(data.get('days')),
    }
    const worked = await act(async (api) => setSecret((await api.apiKey.create.mutate(input)).secret))
    if (worked) form.reset()
  }

  return (
    <>
      <form onSubmit={create}>
        <fieldset disabled={isPending} className="flex flex-col gap-4">
          <div className="flex flex-wrap gap-3 *:first:basis-64">
            <Field label={texts.name} name="name" required maxLength={80} />
            <div className="w-44">
              <Field
                label={texts.days}
                name="days"
                type="number"
                min={1}
                max={366}
                defaultValue={90}
                required
              />
            </div>
          </div>
          <fieldset>
            <legend className={labelClass}>{texts.scopes}</legend>
            <div className="flex flex-wrap gap-x-5 gap-y-2">
              <Scope scope="*:read" text={texts.reads} checked />
              <Scope scope="*:write" text={texts.writes} />
            </div>
            <details className="mt-3">
              <summary className="text-sm text-accent-text">{texts.single}</summary>
              <div className="mt-2 grid grid-cols-2 gap-x-5 gap-y-1.5 sm:grid-cols-3">
                {capabilities.flatMap((name) =>
                  ['read', 'write'].map((kind) => (
                    <Scope key={name + kind} scope={`${name}:${kind}`} text={`${name}:${kind}`} />
                  )),
                )}
              </div>
            </details>
          </fieldset>
          <div>
            <Button type="submit">{texts.create}</Button>
          </div>
        </fieldset>
        <Said said={said?.bad ? said : null} />
      </form>
      {secret ? <ShownOnce key={secret} secret={secret} text={texts.shown} /> : null}
    </>
  )
}

function Scope({ scope, text, checked = false }: { scope: string; text: string; checked?: boolean }) {
  return (
    <label className="flex items-center gap-2 text-sm">
      <input type="checkbox" name="scope" value={scope} defaultChecked={checked} />
      {text}
    </label>
  )
}

export function RevokeKey({ apiKeyId, name }: { apiKeyId: string; name: string }) {
  return (
    <Confirmed
      name={texts.revoke(name)}
      text={texts.revokeText(name)}
      small="×"
      run={() => (api) => api.apiKey.revoke.mutate({ apiKeyId })}
    />
  )
}
