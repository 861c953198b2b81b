'use client'

import { useSearchParams } from 'next/navigation'
import { useActionState } from 'react'
import { type FormState, signInWithLink, signInWithPassword } from '#web/auth/actions.ts'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { account } from '#web/texts/account.ts'
import { mailedLink } from './mailed-link.ts'

const start: FormState = { error: null }

/** By the name of the auth library's error, which stands in the address that it sends one back to. */
const errorsTold: Record<string, string> = {
  CredentialsSignin: account.signIn.refused,
  Verification: account.signIn.linkGone,
  OAuthAccountNotLinked: account.signIn.otherWay,
}

export function SignInForms() {
  const parameters = useSearchParams()
  const next = parameters.get('next') ?? ''
  const [password, submitPassword, checking] = useActionState(signInWithPassword, start)
  const [link, submitLink, sending] = useActionState(signInWithLink, start)
  const mailed = mailedLink(parameters)
  const named = parameters.get('error')
  const told = named === null ? null : (errorsTold[named] ?? account.signIn.failed)
  const broken = mailed === 'broken' ? account.signIn.linkGone : null
  const error = password.error ?? link.error ?? told ?? broken
  if (mailed !== null && mailed !== 'broken') return <MailedLink {...mailed} />
  return (
    <>
      {error ? (
        <p role="alert" className="mb-4 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          {error}
        </p>
      ) : null}
      {link.sent ? (
        <p role="status" className="mb-4 rounded-lg bg-good-soft px-3 py-2 text-sm text-good">
          If there is an account with this address, a link is on its way to it.
        </p>
      ) : null}
      <form action={submitPassword} className="flex flex-col gap-4">
        <input type="hidden" name="next" value={next} />
        <div>
          <label htmlFor="email" className={labelClass}>
            E-mail
          </label>
          <input
            id="email"
            name="email"
            type="email"
            autoComplete="username"
            defaultValue={password.given?.email}
            required
            className={fieldClass}
          />
        </div>
        <div>
          <label htmlFor="password" className={labelClass}>
            Password
          </label>
          <input
            id="password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            className={fieldClass}
          />
        </div>
        <Button type="submit" disabled={checking}>
          {checking ? 'Signing in …' : 'Sign in'}
        </Button>
      </form>
      <div className="my-6 flex items-center gap-3 text-xs text-muted">
        <span className="h-px flex-1 bg-line" /> or <span className="h-px flex-1 bg-line" />
      </div>
      <form action={submitLink} className="flex flex-col gap-4">
        <input type="hidden" name="next" value={next} />
        <div>
          <label htmlFor="link-email" className={labelClass}>
            E-mail for a link
          </label>
          <input
            id="link-email"
            name="email"
            type="email"
            autoComplete="email"
            defaultValue={link.given?.email}
            required
            className={fieldClass}
          />
        </div>
        <Button type="submit" look="quiet" disabled={sending}>
          {sending ? 'Sending …' : 'Send me a link'}
        </Button>
      </form>
    </>
  )
}

/** A link works once, so what opens it to look must not use it up: it takes somebody who presses the button. */
function MailedLink(fields: { email: string; token: string; callbackUrl: string }) {
  return (
    <form action="/api/auth/callback/email" className="flex flex-col gap-4">
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <p className="text-sm text-muted">
        {account.signIn.mailed} <strong className="font-semibold text-ink">{fields.email}</strong>
      </p>
      <Button type="submit">{account.signIn.byLink}</Button>
    </form>
  )
}
