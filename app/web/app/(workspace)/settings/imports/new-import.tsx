'use client'

import { useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { imports as texts } from '#web/texts/exports.ts'

/** As the API takes it: what is larger is not even sent. */
const mostBytes = 3_600_000

/** Has a file checked; the list below shows what was found. */
export function NewImport() {
  const { act, said, isPending } = useAct()
  const [isChecking, setChecking] = useState(false)

  async function check(file: File) {
    setChecking(true)
    await act(async (api) => {
      if (file.size > mostBytes) throw new Error(texts.tooLarge)
      return api.import.check.mutate({ name: file.name, content: await textOf(file) })
    }, texts.checked(file.name))
    setChecking(false)
  }

  return (
    <>
      <label className="flex flex-col items-start gap-2 rounded-lg border border-dashed border-muted/50 p-4 text-sm has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent">
        <span className="font-semibold">{texts.file}</span>
        <input
          type="file"
          accept=".csv,text/csv"
          disabled={isPending}
          aria-describedby="import-hint"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file) void check(file)
            // The same file may be chosen once more, when it is corrected.
            currentTarget.value = ''
          }}
          className="max-w-full text-sm text-muted file:mr-3 file:h-9 file:rounded-lg file:border file:bg-surface file:px-3.5 file:text-sm file:font-semibold file:text-ink"
        />
        <span id="import-hint" className="text-xs text-muted">
          {texts.hint}
        </span>
      </label>
      {isChecking ? (
        <p role="status" className="mt-3 text-sm text-muted">
          {texts.checking}
        </p>
      ) : (
        <Said said={said} />
      )}
    </>
  )
}

/** @throws Error for what is no text in UTF-8 */
async function textOf(file: File): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
  } catch {
    throw new Error(texts.notText)
  }
}
