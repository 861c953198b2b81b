'use client'

import { useState } from 'react'
import { Combobox } from '#web/components/combobox/combobox.tsx'
import type { Option } from '#web/components/combobox/found.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { settings } from '#web/texts/settings.ts'

const { organisation: texts } = settings
/** Whatever organisation the session has next, or none: the server knows. */
const home = () => window.location.assign('/dashboard')

export function Leave() {
  return (
    <Confirmed
      name={texts.leave}
      text={texts.leaveText}
      run={() => (api) => api.organisation.leave.mutate({})}
      after={home}
    />
  )
}

export function RemoveOrganisation({ slug }: { slug: string }) {
  return (
    <Confirmed
      name={texts.remove}
      text={texts.removeText}
      typed={slug}
      run={(confirm) => (api) => api.organisation.remove.mutate({ confirm })}
      after={home}
    />
  )
}

export function Transfer({ self }: { self: string }) {
  const [heir, setHeir] = useState<Option | null>(null)
  return (
    <div className="flex flex-wrap items-end gap-3">
      <Combobox
        what="person"
        label={texts.to}
        hint={settings.findPerson}
        without={[self]}
        onChoose={setHeir}
      />
      {heir ? (
        <Confirmed
          name={texts.transferTo(heir.text)}
          text={texts.transferText}
          run={() => (api) => api.organisation.transfer.mutate({ memberId: heir.id })}
        />
      ) : null}
    </div>
  )
}
