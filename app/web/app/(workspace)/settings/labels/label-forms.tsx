'use client'

import type { LabelColour } from '@worklane/domain/tasks/shapes.ts'
import type { FormEvent } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'

const { labels: texts } = settings

export function AddLabel() {
  const { act, said, isPending } = useAct()

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const data = new FormData(form)
    const input = { name: String(data.get('name')), colour: data.get('colour') as LabelColour }
    if (await act((api) => api.label.create.mutate(input))) form.reset()
  }

  return (
    <form onSubmit={add}>
      <fieldset disabled={isPending} className="flex flex-wrap items-end gap-3 *:first:basis-64">
        <Field label={texts.name} name="name" required maxLength={40} />
        <div className="w-32">
          <label htmlFor="label-colour" className={labelClass}>
            {texts.colour}
          </label>
          <select id="label-colour" name="colour" defaultValue="blue" className={fieldClass}>
            {Object.entries(texts.colours).map(([colour, name]) => (
              <option key={colour} value={colour}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Button type="submit">{texts.add}</Button>
      </fieldset>
      <Said said={said} />
    </form>
  )
}

export function RemoveLabel({ labelId, name }: { labelId: string; name: string }) {
  return (
    <Confirmed
      name={texts.remove(name)}
      text={texts.removeText(name)}
      small="×"
      run={() => (api) => api.label.remove.mutate({ labelId })}
    />
  )
}
