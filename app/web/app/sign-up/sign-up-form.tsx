'use client'

import { type InputHTMLAttributes, useActionState } from 'react'
import { type FormState, signUpHere } from '#web/auth/actions.ts'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { account } from '#web/texts/account.ts'

const { signUp: texts } = account
const start: FormState = { error: null }

type Props = { invitation: { token: string; email: string; organisation: string } | null }

export function SignUpForm({ invitation }: Props) {
  const [state, submit, isPending] = useActionState(signUpHere, start)
  const field = (name: string, label: string, input: InputHTMLAttributes<HTMLInputElement>) => (
    <Field
      name={name}
      label={label}
      error={state.fields?.[name]}
      defaultValue={state.given?.[name]}
      {...input}
    />
  )
  return (
    <form action={submit} className="flex flex-col gap-4">
      {invitation ? (
        <>
          <input type="hidden" name="invitation" value={invitation.token} />
          <p className="rounded-lg bg-good-soft px-3 py-2 text-sm text-good">
            {texts.invitedText(invitation.organisation)}
          </p>
        </>
      ) : null}
      {state.error ? (
        <p role="alert" className="rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          {state.error}
        </p>
      ) : null}
      {field('name', texts.name, { autoComplete: 'name', required: true, maxLength: 120 })}
      {field('email', texts.email, {
        type: 'email',
        autoComplete: 'username',
        required: true,
        ...(invitation ? { defaultValue: invitation.email, readOnly: true } : {}),
      })}
      {field('password', texts.password, {
        type: 'password',
        autoComplete: 'new-password',
        required: true,
        minLength: 10,
        maxLength: 200,
        title: texts.passwordHint,
      })}
      {invitation
        ? null
        : field('organisation', texts.organisation, {
            autoComplete: 'organization',
            required: true,
            maxLength: 120,
          })}
      <Button type="submit" disabled={isPending}>
        {isPending ? texts.busy : texts.submit}
      </Button>
    </form>
  )
}

type FieldProps = InputHTMLAttributes<HTMLInputElement> & {
  name: string
  label: string
  error?: string | undefined
}

function Field({ name, label, error, ...input }: FieldProps) {
  return (
    <div>
      <label htmlFor={name} className={labelClass}>
        {label}
      </label>
      <input
        id={name}
        name={name}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${name}-error` : undefined}
        className={fieldClass}
        {...input}
      />
      {error ? (
        <p id={`${name}-error`} className="mt-1 text-sm text-danger">
          {error}
        </p>
      ) : null}
    </div>
  )
}
