import { timeIn } from '@worklane/domain/calendar.ts'
import { getPreferences } from '@worklane/domain/digests/operations.ts'
import { execute } from '@worklane/domain/execute.ts'
import { getMe } from '@worklane/domain/me/operations.ts'
import { unprovedAddress } from '@worklane/domain/sessions/accounts.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { settings } from '#web/texts/settings.ts'
import { DigestForm } from './digest-form.tsx'

const { notifications: texts } = settings

export const metadata: Metadata = { title: settings.sections.notifications }

export default function NotificationMailsPage() {
  return (
    <Streamed>
      <NotificationMails />
    </Streamed>
  )
}

async function NotificationMails() {
  const actor = await requireActor()
  const [{ digest, nextDigestAt }, me, unproved, clock] = await Promise.all([
    execute(getPreferences, actor, {}),
    execute(getMe, actor, {}),
    unprovedAddress(actor),
    clockOf(actor),
  ])
  return (
    <Section title={settings.sections.notifications} text={texts.text(me.user.email, me.organisation.name)}>
      <DigestForm value={digest} />
      {unproved ? <p className="mt-3 text-sm text-muted">{texts.notProved}</p> : null}
      {nextDigestAt && !unproved ? (
        <p className="mt-3 text-sm text-muted">{texts.next(timeIn(clock.zone, new Date(nextDigestAt)))}</p>
      ) : null}
    </Section>
  )
}
