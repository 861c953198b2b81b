import { mayAct, Role } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listInvitations } from '@worklane/domain/invitations/operations.ts'
import { listMembers } from '@worklane/domain/members/operations.ts'
import { unprovedAddress } from '@worklane/domain/sessions/accounts.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireActor } from '#web/auth/actor.ts'
import { Avatar } from '#web/components/person.tsx'
import { ProveAddress } from '#web/components/settings/prove-address.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { Field } from '#web/components/settings/setting.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { shortDate } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'
import { Invite, MemberActions, RevokeInvitation } from './member-forms.tsx'

const { members: texts } = settings

export const metadata: Metadata = { title: settings.sections.members }

type Props = { searchParams: Promise<Query> }

export default function MembersPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Members searchParams={searchParams} />
    </Streamed>
  )
}

async function Members({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const {
    cursor,
    search,
    invitations: from,
  } = readQuery(asked, {
    cursor: listMembers.input.shape.cursor,
    search: listMembers.input.shape.search,
    invitations: listInvitations.input.shape.cursor,
  })
  const mayManage = mayAct(actor, 'admin')
  const [page, invitations, unproved, clock] = await Promise.all([
    execute(listMembers, actor, { cursor, ...(search ? { search } : {}), limit: 25 }),
    mayManage ? execute(listInvitations, actor, { cursor: from, limit: 25 }) : null,
    mayManage ? unprovedAddress(actor) : null,
    clockOf(actor),
  ])
  const roles = Role.options.filter((role) => role !== 'owner' && mayAct(actor, role))
  return (
    <>
      {unproved ? <ProveAddress email={unproved} /> : null}
      {invitations && !unproved ? (
        <Section title={texts.invite}>
          <Invite roles={roles} />
        </Section>
      ) : null}
      {invitations ? (
        <Section title={texts.open}>
          {invitations.items.length === 0 ? <p className="text-sm text-muted">{texts.noneOpen}</p> : null}
          <ul className="-my-2 divide-y">
            {invitations.items.map(({ id, email, role, expiresAt }) => (
              <li key={id} className="flex items-center gap-3 py-2 text-sm">
                <span className="min-w-0 flex-1 truncate">{email}</span>
                <span className="text-muted">{role}</span>
                <span className="text-xs text-muted">{texts.expires(shortDate(expiresAt, clock))}</span>
                <RevokeInvitation invitationId={id} email={email} />
              </li>
            ))}
          </ul>
          {invitations.nextCursor ? (
            <Link
              href={`/settings/members?invitations=${invitations.nextCursor}`}
              prefetch={false}
              className="mt-4 block text-sm text-accent-text hover:underline"
            >
              {settings.more}
            </Link>
          ) : null}
        </Section>
      ) : null}
      <Section title={texts.people}>
        <form action="/settings/members" className="mb-4 flex items-end gap-3">
          <Field label={texts.find} name="search" type="search" maxLength={80} defaultValue={search} />
          <Button type="submit" look="quiet">
            {settings.find}
          </Button>
        </form>
        {page.items.length === 0 ? <p className="text-sm text-muted">{texts.noneFound}</p> : null}
        <ul className="-my-2 divide-y">
          {page.items.map((member) => (
            <li key={member.id} className="flex items-center gap-3 py-2.5 text-sm">
              <Avatar name={member.name} picture={member.avatar} shape="size-8 rounded-full" />
              <div className="min-w-0 flex-1">
                <p className="truncate font-semibold">
                  {member.name} {member.id === actor.userId ? `(${texts.you})` : ''}
                </p>
                <p className="truncate text-xs text-muted">{member.email}</p>
              </div>
              {mayManage &&
              member.role !== 'owner' &&
              member.id !== actor.userId &&
              mayAct(actor, member.role) ? (
                <MemberActions member={member} roles={roles} />
              ) : (
                <span className="text-muted">{member.role}</span>
              )}
            </li>
          ))}
        </ul>
        {page.nextCursor ? (
          <Link
            href={`/settings/members?${new URLSearchParams({ ...(search ? { search } : {}), cursor: page.nextCursor })}`}
            prefetch={false}
            className="mt-4 block text-sm text-accent-text hover:underline"
          >
            {texts.more}
          </Link>
        ) : null}
      </Section>
      <Section title={texts.roles}>
        <dl className="grid grid-cols-[5rem_1fr] gap-y-1.5 text-sm">
          {Role.options.map((role) => (
            <div key={role} className="contents">
              <dt className="font-semibold">{role}</dt>
              <dd className="text-muted">{texts.may[role]}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </>
  )
}
