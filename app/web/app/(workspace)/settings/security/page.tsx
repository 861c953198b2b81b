import { execute } from '@worklane/domain/execute.ts'
import { listSessions } from '@worklane/domain/sessions/operations.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { ago } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'
import { PasswordForm } from './password-form.tsx'
import { Revoke, RevokeOthers } from './revoke.tsx'

const { security: texts } = settings

export const metadata: Metadata = { title: settings.sections.security }

type Props = { searchParams: Promise<Query> }

export default function SecurityPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Security searchParams={searchParams} />
    </Streamed>
  )
}

async function Security({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const { cursor } = readQuery(asked, { cursor: listSessions.input.shape.cursor })
  const [{ items, nextCursor }, clock] = await Promise.all([
    execute(listSessions, actor, { cursor }),
    clockOf(actor),
  ])
  return (
    <>
      <Section title={texts.password}>
        <PasswordForm />
      </Section>
      <Section title={texts.sessions}>
        <ul className="-my-2 divide-y">
          {items.map((session) => {
            const device = deviceOf(session.userAgent)
            return (
              <li key={session.id} className="flex items-center gap-3 py-2.5 text-sm">
                <div className="min-w-0 flex-1">
                  <p className="truncate font-semibold">{device}</p>
                  <p className="text-xs text-muted">
                    {session.ip ? `${session.ip}, ` : ''}
                    {texts.seen(ago(session.lastSeenAt, clock))}
                  </p>
                </div>
                {session.current ? (
                  <span className="rounded-full bg-good-soft px-2 py-0.5 text-xs text-good">
                    {texts.thisOne}
                  </span>
                ) : (
                  <Revoke sessionId={session.id} device={device} />
                )}
              </li>
            )
          })}
        </ul>
        <NextPage address="/settings/security" cursor={nextCursor} />
        {items.length > 1 ? <RevokeOthers /> : null}
      </Section>
    </>
  )
}

/** "Chrome on Linux", as far as the browser tells. */
function deviceOf(agent: string): string {
  const browser = [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark = '']) => agent.includes(mark))?.[1]
  const system = [
    ['iPhone', 'iPhone'],
    ['Android', 'Android'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
  ].find(([mark = '']) => agent.includes(mark))?.[1]
  return browser ? `${browser}${system ? ` · ${system}` : ''}` : texts.unknown
}
