'use client'

import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { settings } from '#web/texts/settings.ts'

export function RemoveAccount({ email }: { email: string }) {
  const { remove, removeText } = settings.profile
  return (
    <Confirmed
      name={remove}
      text={removeText}
      typed={email}
      run={(confirm) => (api) => api.me.remove.mutate({ confirm })}
      after={() => window.location.assign('/')}
    />
  )
}
