'use client'

import type { Frequency } from '@worklane/domain/digests/frequency.ts'
import { type FormEvent, useId } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { notifications: texts } = settings

const choices = Object.entries(texts.choices) as [Frequency, (typeof texts.choices)[Frequency]][]

/** How often the mail comes. */
export function DigestForm({ value }: { value: Frequency }) {
  const { act, said, isPending } = useAct()
  const id = useId()
  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const digest = new FormData(event.currentTarget).get('digest') as Frequency
    void act((api) => api.notification.updatePreferences.mutate({ digest }))
  }
  return (
    <form onSubmit={save}>
      <fieldset disabled={isPending} className="flex flex-col gap-1">
        <legend className="mb-1.5 text-sm font-semibold">{texts.every}</legend>
        {choices.map(([name, [label, hint]]) => (
          <label
            key={name}
            className="flex cursor-pointer items-start gap-3 rounded-lg border border-transparent px-3 py-2 hover:bg-sunken has-checked:border-line has-checked:bg-sunken"
          >
            <input
              type="radio"
              name="digest"
              value={name}
              defaultChecked={name === value}
              aria-describedby={`${id}-${name}`}
              className="mt-1 accent-accent"
            />
            <span>
              <span className="block text-sm font-semibold">{label}</span>
              <span id={`${id}-${name}`} className="block text-sm text-muted">
                {hint}
              </span>
            </span>
          </label>
        ))}
        <div className="mt-2">
          <Button type="submit">{settings.save}</Button>
        </div>
      </fieldset>
      <Said said={said} />
    </form>
  )
}
