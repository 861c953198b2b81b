'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type FormEvent, useActionState, useState } from 'react'
import { createOrganisationHere, type FormState } from '#web/auth/actions.ts'
import { type Refusal, RefusalText, refusalOf } from '#web/components/refusal.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { account } from '#web/texts/account.ts'

const { onboarding: texts } = account
const start: FormState = { error: null }

export function NewOrganisation() {
  const [state, submit, isPending] = useActionState(createOrganisationHere, start)
  return (
    <form action={submit} className="flex flex-col gap-4">
      <div>
        <label htmlFor="organisation" className={labelClass}>
          {texts.organisation}
        </label>
        <input id="organisation" name="organisation" required maxLength={120} className={fieldClass} />
      </div>
      {state.error ? (
        <p role="alert" className="text-sm text-danger">
          {state.error}
        </p>
      ) : null}
      <Button type="submit" disabled={isPending}>
        {texts.create}
      </Button>
    </form>
  )
}

/** Letters of the name, until somebody writes a key of their own. */
const keyFrom = (name: string) =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .replace(/^\d+/, '')
    .slice(0, 3)

export function FirstProject() {
  const router = useRouter()
  const [name, setName] = useState('')
  const [key, setKey] = useState<string | null>(null)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<Refusal | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    setPending(true)
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      const project = await api.project.create.mutate({ name, key: key ?? keyFrom(name) })
      // One after the other: they are to stand in this order.
      for (const title of texts.example) await api.task.create.mutate({ projectId: project.id, title })
      router.push(`/projects/${project.id}`)
    } catch (reason) {
      setError(refusalOf(reason, String(reason)))
      setPending(false)
    }
  }

  return (
    <form onSubmit={create}>
      <fieldset disabled={isPending} className="flex flex-col gap-4">
        <div>
          <label htmlFor="project" className={labelClass}>
            {texts.name}
          </label>
          <input
            id="project"
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className={fieldClass}
          />
        </div>
        <div>
          <label htmlFor="key" className={labelClass}>
            {texts.key}
          </label>
          <input
            id="key"
            required
            pattern="[A-Z][A-Z0-9]{1,7}"
            value={key ?? keyFrom(name)}
            onChange={(event) => setKey(event.target.value.toUpperCase())}
            aria-describedby="key-hint"
            className={fieldClass}
          />
          <p id="key-hint" className="mt-1 text-xs text-muted">
            {texts.keyHint}
          </p>
        </div>
        {error ? <RefusalText refusal={error} /> : null}
        <div className="flex gap-3">
          <Button type="submit">{texts.submit}</Button>
          <Link href="/dashboard" prefetch={false} className={buttonClass({ look: 'bare' })}>
            {texts.skip}
          </Link>
        </div>
      </fieldset>
    </form>
  )
}
