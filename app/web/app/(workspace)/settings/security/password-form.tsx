'use client'

import type { FormEvent } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { security: texts } = settings

export function PasswordForm() {
  const { act, isPending, said } = useAct()

  async function change(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const [current, next] = ['current', 'next'].map((name) => String(new FormData(form).get(name)))
    const input = { ...(current ? { current } : {}), next: next ?? '' }
    if (await act((api) => api.me.setPassword.mutate(input), texts.changed)) form.reset()
  }

  return (
    <form onSubmit={change}>
      <fieldset disabled={isPending} className="flex flex-col gap-4 sm:max-w-sm">
        <Field
          label={texts.current}
          hint={texts.currentHint}
          name="current"
          type="password"
          autoComplete="current-password"
          maxLength={200}
        />
        <Field
          label={texts.next}
          hint={texts.nextHint}
          name="next"
          type="password"
          autoComplete="new-password"
          required
          minLength={10}
          maxLength={200}
        />
        <div>
          <Button type="submit">{texts.change}</Button>
        </div>
      </fieldset>
      <Said said={said} />
    </form>
  )
}
