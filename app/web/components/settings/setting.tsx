'use client'

import type { FormEvent, InputHTMLAttributes } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'
import { useAct } from './act.ts'
import { Said } from './said.tsx'

type Props = { what: 'me' | 'organisation'; label: string; value: string; disabled?: boolean }

/** One text that can be changed. */
export function Setting({ what, label, value, disabled = false }: Props) {
  const { act, said, isPending } = useAct()
  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('value'))
    void act((api) => (what === 'me' ? api.me.update : api.organisation.update).mutate({ name }))
  }
  return (
    <form onSubmit={save}>
      <fieldset disabled={disabled || isPending} className="flex items-end gap-3">
        <Field label={label} name="value" defaultValue={value} required maxLength={120} />
        <Button type="submit">{settings.save}</Button>
      </fieldset>
      <Said said={said} />
    </form>
  )
}

export function Field({
  label,
  hint,
  ...input
}: InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string }) {
  const id = input.id ?? `field-${input.name}`
  return (
    <div className="min-w-0 flex-1">
      <label htmlFor={id} className={labelClass}>
        {label}
      </label>
      <input aria-describedby={hint ? `${id}-hint` : undefined} className={fieldClass} {...input} id={id} />
      {hint ? (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      ) : null}
    </div>
  )
}
