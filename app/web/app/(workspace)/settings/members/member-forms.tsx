'use client'

import type { Role } from '@worklane/domain/actor.ts'
import type { Member } from '@worklane/domain/members/operations.ts'
import type { FormEvent } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'

const { members: texts } = settings

export function Invite({ roles }: { roles: Role[] }) {
  const { act, said, isPending } = useAct()

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const data = new FormData(form)
    const email = String(data.get('email'))
    const input = { email, role: data.get('role') as Role }
    if (await act((api) => api.invitation.create.mutate(input), texts.sent(email))) form.reset()
  }

  return (
    <form onSubmit={send}>
      <fieldset disabled={isPending} className="flex flex-wrap items-end gap-3 *:first:basis-64">
        <Field label={texts.email} name="email" type="email" required maxLength={200} />
        <div className="w-32">
          <label htmlFor="invite-role" className={labelClass}>
            {texts.role}
          </label>
          <select id="invite-role" name="role" defaultValue="member" className={fieldClass}>
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </div>
        <Button type="submit">{texts.send}</Button>
      </fieldset>
      <Said said={said} />
    </form>
  )
}

export function RevokeInvitation({ invitationId, email }: { invitationId: string; email: string }) {
  const { act, said, isPending } = useAct()
  return (
    <>
      <Said said={said?.bad ? said : null} />
      <button
        type="button"
        disabled={isPending}
        aria-label={texts.revoke(email)}
        onClick={() => act((api) => api.invitation.revoke.mutate({ invitationId }))}
        className="grid size-7 place-items-center rounded-md text-muted hover:bg-sunken hover:text-danger"
      >
        ×
      </button>
    </>
  )
}

export function MemberActions({ member, roles }: { member: Member; roles: Role[] }) {
  const { act, said, isPending } = useAct()
  return (
    <>
      <Said said={said?.bad ? said : null} />
      <select
        aria-label={texts.roleOf(member.name)}
        disabled={isPending}
        defaultValue={member.role}
        onChange={async ({ target }) => {
          const role = target.value as Role
          const worked = await act((api) => api.member.setRole.mutate({ memberId: member.id, role }))
          if (!worked) target.value = member.role
        }}
        className={`${fieldClass} max-w-28`}
      >
        {roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </select>
      <Confirmed
        name={texts.remove(member.name)}
        text={texts.removeText(member.name)}
        small="×"
        run={() => (api) => api.member.remove.mutate({ memberId: member.id })}
      />
    </>
  )
}
