import { execute } from '@worklane/domain/execute.ts'
import { filesAreOn } from '@worklane/domain/files/store.ts'
import { getMe } from '@worklane/domain/me/operations.ts'
import { getAvatar } from '@worklane/domain/pictures/avatar.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { PictureSetting } from '#web/components/settings/picture-setting.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { Setting } from '#web/components/settings/setting.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'
import { RemoveAccount } from './remove-account.tsx'

const { profile: texts } = settings

export const metadata: Metadata = { title: settings.sections.profile }

export default function ProfilePage() {
  return (
    <Streamed>
      <Profile />
    </Streamed>
  )
}

async function Profile() {
  const actor = await requireActor()
  const [{ user }, picture] = await Promise.all([
    execute(getMe, actor, {}),
    filesAreOn() ? execute(getAvatar, actor, {}) : null,
  ])
  return (
    <>
      <Section title={settings.sections.profile}>
        <PictureSetting what="avatar" name={user.name} picture={picture} />
        <Setting what="me" label={texts.name} value={user.name} />
        <p className="mt-4 text-sm font-semibold">{texts.email}</p>
        <p className="mt-1 text-sm">{user.email}</p>
        <p className="mt-1 text-xs text-muted">{texts.emailHint}</p>
      </Section>
      <Section title={texts.export} text={texts.exportText}>
        <a href="/v1/me/export" download="worklane-me.json" className={buttonClass({ look: 'quiet' })}>
          {texts.download}
        </a>
      </Section>
      <Section title={texts.remove} text={texts.removeText} danger>
        <RemoveAccount email={user.email} />
      </Section>
    </>
  )
}
