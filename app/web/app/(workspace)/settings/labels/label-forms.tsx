'use client'

import type { Label, LabelColour } from '@worklane/domain/tasks/shapes.ts'
import { type FormEvent, useRef } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'

const { labels: texts } = settings

/** Renames and recolours; closed until it is asked for. */
export function EditLabel({ label }: { label: Label }) {
  const { act, said, isPending } = useAct()
  const details = useRef<HTMLDetailsElement>(null)

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const { name, colour } = given(event.currentTarget)
    // Only what was changed: somebody else may have changed the other.
    const input = {
      labelId: label.id,
      ...(name.trim() === label.name ? {} : { name }),
      ...(colour === label.colour ? {} : { colour }),
    }
    if ((await act((api) => api.label.update.mutate(input))) && details.current) details.current.open = false
  }

  return (
    <details ref={details} className="min-w-0 flex-1">
      <summary
        aria-label={texts.edit(label.name)}
        className="ml-auto w-fit rounded-md px-2 py-1 text-sm text-muted hover:bg-sunken hover:text-ink"
      >
        {texts.change}
      </summary>
      <form onSubmit={save} className="my-2">
        <fieldset disabled={isPending} className="flex flex-wrap items-end gap-3 *:first:basis-48">
          <Field
            label={texts.name}
            id={`name-${label.id}`}
            name="name"
            required
            maxLength={40}
            defaultValue={label.name}
          />
          <Colour id={`colour-${label.id}`} chosen={label.colour} />
          <Button type="submit">{settings.save}</Button>
        </fieldset>
        <Said said={said?.bad ? said : null} />
      </form>
    </details>
  )
}

function Colour({ id, chosen }: { id: string; chosen: LabelColour }) {
  return (
    <div className="w-32">
      <label htmlFor={id} className={labelClass}>
        {texts.colour}
      </label>
      <select id={id} name="colour" defaultValue={chosen} className={fieldClass}>
        {Object.entries(texts.colours).map(([colour, name]) => (
          <option key={colour} value={colour}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}

function given(form: HTMLFormElement) {
  const data = new FormData(form)
  return { name: String(data.get('name')), colour: data.get('colour') as LabelColour }
}

export function AddLabel() {
  const { act, said, isPending } = useAct()

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const input = given(form)
    if (await act((api) => api.label.create.mutate(input))) form.reset()
  }

  return (
    <form onSubmit={add}>
      <fieldset disabled={isPending} className="flex flex-wrap items-end gap-3 *:first:basis-64">
        <Field label={texts.name} name="name" required maxLength={40} />
        <Colour id="label-colour" chosen="blue" />
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
