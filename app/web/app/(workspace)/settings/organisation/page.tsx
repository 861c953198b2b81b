import { mayAct } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { filesAreOn } from '@worklane/domain/files/store.ts'
import { getOrganisation } from '@worklane/domain/organisations/operations.ts'
import { getLogo } from '@worklane/domain/pictures/logo.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireActor } from '#web/auth/actor.ts'
import { PictureSetting } from '#web/components/settings/picture-setting.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { Setting } from '#web/components/settings/setting.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { exports } from '#web/texts/exports.ts'
import { settings } from '#web/texts/settings.ts'
import { Leave, RemoveOrganisation, Transfer } from './endings.tsx'
import { TimeZoneSetting } from './time-zone-setting.tsx'

const { organisation: texts } = settings

export const metadata: Metadata = { title: settings.sections.organisation }

export default function OrganisationPage() {
  return (
    <Streamed>
      <Organisation />
    </Streamed>
  )
}

async function Organisation() {
  const actor = await requireActor()
  const isOwner = actor.role === 'owner'
  const [organisation, logo] = await Promise.all([
    execute(getOrganisation, actor, {}),
    filesAreOn() && mayAct(actor, 'admin') ? execute(getLogo, actor, {}) : null,
  ])
  return (
    <>
      <Section
        title={settings.sections.organisation}
        text={texts.facts(organisation.plan, organisation.members)}
      >
        {mayAct(actor, 'admin') ? (
          <PictureSetting what="logo" name={organisation.name} picture={logo} />
        ) : null}
        <Setting
          what="organisation"
          label={texts.name}
          value={organisation.name}
          disabled={!mayAct(actor, 'admin')}
        />
        <TimeZoneSetting value={organisation.timeZone} disabled={!mayAct(actor, 'admin')} />
      </Section>
      {mayAct(actor, 'admin') ? (
        <Section title={texts.export} text={texts.exportText}>
          <a
            href="/v1/organisation/export"
            download={`${organisation.slug}.json`}
            className={buttonClass({ look: 'quiet' })}
          >
            {texts.download}
          </a>
          <Link
            href="/settings/exports?kind=organisation"
            prefetch={false}
            className={buttonClass({ look: 'quiet', className: 'ml-2' })}
          >
            {exports.zip}
          </Link>
          <p className="mt-2 text-xs text-muted">{exports.zipText}</p>
        </Section>
      ) : null}
      {isOwner ? (
        <Section title={texts.transfer} text={texts.transferText} danger>
          <Transfer self={actor.userId} />
        </Section>
      ) : null}
      {isOwner ? (
        <Section title={texts.remove} text={texts.removeText} danger>
          <RemoveOrganisation slug={organisation.slug} />
        </Section>
      ) : (
        <Section title={texts.leave} text={texts.leaveText} danger>
          <Leave />
        </Section>
      )}
    </>
  )
}
