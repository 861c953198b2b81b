'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { type Refusal, RefusalText, refusalOf } from '#web/components/refusal.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'

const { dashboard: texts } = work

export function NewProject() {
  const router = useRouter()
  const [error, setError] = useState<Refusal | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      const project = await api.project.create.mutate({
        name: String(form.get('name')),
        key: String(form.get('key')).toUpperCase(),
      })
      router.push(`/projects/${project.id}`)
    } catch (reason) {
      setError(refusalOf(reason, texts.failed))
    }
  }

  return (
    <details className="border-t px-4 py-3">
      <summary className="text-sm font-semibold text-accent-text">{texts.newProject}</summary>
      <form onSubmit={create} className="mt-3 flex flex-wrap items-end gap-3">
        <div className="min-w-40 flex-1">
          <label htmlFor="project-name" className={labelClass}>
            {texts.name}
          </label>
          <input id="project-name" name="name" required maxLength={120} className={fieldClass} />
        </div>
        <div className="w-24">
          <label htmlFor="project-key" className={labelClass}>
            {texts.key}
          </label>
          <input
            id="project-key"
            name="key"
            required
            pattern="[A-Za-z][A-Za-z0-9]{1,7}"
            title={texts.keyHint}
            className={`${fieldClass} uppercase`}
          />
        </div>
        <Button type="submit">{texts.create}</Button>
        {error ? <RefusalText refusal={error} className="w-full" /> : null}
      </form>
    </details>
  )
}
