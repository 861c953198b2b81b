'use client'

import { useActionState } from 'react'
import { type FormState, mailProof } from '#web/auth/actions.ts'
import { Section } from '#web/components/settings/section.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { account } from '#web/texts/account.ts'

const { proof: texts } = account
const start: FormState = { error: null }

/** Stands where one lets others in, until one's address is proved. */
export function ProveAddress({ email }: { email: string }) {
  const [{ error, sent }, submit, sending] = useActionState(mailProof, start)
  return (
    <Section title={texts.title} text={texts.text(email)}>
      <form action={submit} className="flex flex-wrap items-center gap-3">
        <Button type="submit" disabled={sending}>
          {sending ? texts.sending : texts.send}
        </Button>
        {sent ? (
          <p role="status" className="text-sm text-good">
            {texts.sent(email)}
          </p>
        ) : null}
        {error ? (
          <p role="alert" className="text-sm text-danger">
            {error}
          </p>
        ) : null}
      </form>
    </Section>
  )
}
