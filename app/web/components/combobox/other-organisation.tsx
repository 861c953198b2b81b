'use client'

import { useState } from 'react'
import { work } from '#web/texts/work.ts'
import { Combobox } from './combobox.tsx'
import type { Option } from './found.ts'

/** Any of the organisations that one belongs to, where a list of them would be too long. */
export function OtherOrganisation({ current }: { current: string }) {
  const [chosen, setChosen] = useState<Option | null>(null)
  return (
    <div className="p-1.5">
      <Combobox
        what="organisation"
        label={work.navigation.findOrganisation}
        bare
        without={[current]}
        onChoose={setChosen}
      />
      {chosen ? (
        <button
          type="submit"
          name="organisation"
          value={chosen.id}
          className="mt-1.5 w-full rounded-lg bg-accent px-2.5 py-1.5 text-sm font-semibold text-accent-ink"
        >
          {work.navigation.goTo(chosen.text)}
        </button>
      ) : null}
    </div>
  )
}
