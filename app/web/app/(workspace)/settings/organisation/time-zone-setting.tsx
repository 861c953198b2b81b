'use client'

import { type FormEvent, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { organisation: texts } = settings

type Props = { value: string; disabled: boolean }

/** Where the organisation's days begin. The names are the browser's own, put in once somebody wants to choose. */
export function TimeZoneSetting({ value, disabled }: Props) {
  const { act, said, isPending } = useAct()
  const [names, setNames] = useState<string[]>([])
  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const timeZone = String(new FormData(event.currentTarget).get('timeZone'))
    void act((api) => api.organisation.update.mutate({ timeZone }))
  }
  return (
    <form onSubmit={save} className="mt-4">
      <fieldset disabled={disabled || isPending} className="flex items-end gap-3">
        <Field
          label={texts.timeZone}
          aria-describedby="time-zone-hint"
          name="timeZone"
          list="time-zones"
          defaultValue={value}
          onFocus={() => setNames(['UTC', ...Intl.supportedValuesOf('timeZone')])}
          required
          maxLength={64}
          spellCheck={false}
        />
        <Button type="submit">{settings.save}</Button>
      </fieldset>
      <p id="time-zone-hint" className="mt-1 text-xs text-muted">
        {texts.timeZoneHint}
      </p>
      <datalist id="time-zones">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Said said={said} />
    </form>
  )
}
