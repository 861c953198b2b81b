'use client'

import { useState } from 'react'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
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

export function Transfer({ people }: { people: { id: string; name: string }[] }) {
  const [memberId, setMember] = useState('')
  return (
    <div className="flex flex-wrap items-end gap-3">
      <div className="w-64">
        <label htmlFor="heir" className={labelClass}>
          {texts.to}
        </label>
        <select
          id="heir"
          value={memberId}
          onChange={(event) => setMember(event.target.value)}
          className={fieldClass}
        >
          <option value="" />
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {memberId ? (
        <Confirmed
          name={texts.transfer}
          text={texts.transferText}
          run={() => (api) => api.organisation.transfer.mutate({ memberId })}
        />
      ) : null}
    </div>
  )
}
