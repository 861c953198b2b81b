'use client'

import type { ExportFilters, ExportFormat, ExportKind } from '@worklane/domain/exports/shapes.ts'
import { type FormEvent, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { exports as texts } from '#web/texts/exports.ts'

type Choice = { kind: ExportKind; formats: ExportFormat[] }
type Props = { kinds: Choice[]; chosen: ExportKind | undefined; filters: ExportFilters }

/** Asks for an export; the list below shows what becomes of it. */
export function NewExport({ kinds, chosen, filters }: Props) {
  const { act, said, isPending } = useAct()
  const known = kinds.find(({ kind }) => kind === chosen) ?? (kinds[0] as Choice)
  const [kind, setKind] = useState(known.kind)
  const formats = kinds.find((each) => each.kind === kind)?.formats ?? []

  function start(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const format = new FormData(event.currentTarget).get('format') as ExportFormat
    void act((api) => api.export.create.mutate({ kind, format, filters }), texts.started)
  }

  return (
    <form onSubmit={start}>
      <fieldset disabled={isPending} className="flex flex-wrap items-end gap-3">
        <div className="w-52">
          <label htmlFor="kind" className={labelClass}>
            {texts.kind}
          </label>
          <select
            id="kind"
            value={kind}
            onChange={({ currentTarget }) => setKind(currentTarget.value as ExportKind)}
            className={fieldClass}
          >
            {kinds.map((each) => (
              <option key={each.kind} value={each.kind}>
                {texts.kinds[each.kind]}
              </option>
            ))}
          </select>
        </div>
        <div className="w-52">
          <label htmlFor="format" className={labelClass}>
            {texts.format}
          </label>
          <select key={kind} id="format" name="format" className={fieldClass}>
            {formats.map((format) => (
              <option key={format} value={format}>
                {texts.formats[format]}
              </option>
            ))}
          </select>
        </div>
        <Button type="submit">{texts.start}</Button>
      </fieldset>
      <Said said={said} />
    </form>
  )
}
