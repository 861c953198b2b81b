import { mayAct } from '@worklane/domain/actor.ts'
import { listApiKeys } from '@worklane/domain/api-keys/operations.ts'
import { capabilities } from '@worklane/domain/api-keys/scopes.ts'
import { execute } from '@worklane/domain/execute.ts'
import { unprovedAddress } from '@worklane/domain/sessions/accounts.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { ProveAddress } from '#web/components/settings/prove-address.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { ago, shortDate } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'
import { NewKey, RevokeKey } from './key-forms.tsx'

const { apiKeys: texts } = settings

export const metadata: Metadata = { title: settings.sections['api-keys'] }

type Props = { searchParams: Promise<Query> }

export default function ApiKeysPage({ searchParams }: Props) {
  return (
    <Streamed>
      <ApiKeys searchParams={searchParams} />
    </Streamed>
  )
}

async function ApiKeys({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const { cursor } = readQuery(asked, { cursor: listApiKeys.input.shape.cursor })
  if (!mayAct(actor, 'admin')) return <OnlyFor least="admin" />
  const [{ items, nextCursor }, unproved, clock] = await Promise.all([
    execute(listApiKeys, actor, { cursor }),
    unprovedAddress(actor),
    clockOf(actor),
  ])
  return (
    <>
      {unproved ? (
        <ProveAddress email={unproved} />
      ) : (
        <Section title={texts.create} text={texts.text}>
          <NewKey capabilities={[...capabilities]} />
        </Section>
      )}
      <Section title={settings.sections['api-keys']}>
        {items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
        <ul className="-my-2 divide-y">
          {items.map((key) => (
            <li key={key.id} className="flex items-center gap-3 py-2.5 text-sm">
              <div className="min-w-0 flex-1">
                <p className="truncate font-semibold">
                  {key.name} <code className="ml-1 text-xs font-normal text-muted">{key.prefix}…</code>
                </p>
                <p className="text-xs text-muted">
                  {key.scopes.join(', ')} · {texts.expires(shortDate(key.expiresAt, clock))} ·{' '}
                  {key.lastUsedAt ? texts.used(ago(key.lastUsedAt, clock)) : texts.unused}
                </p>
              </div>
              <RevokeKey apiKeyId={key.id} name={key.name} />
            </li>
          ))}
        </ul>
        <NextPage address="/settings/api-keys" cursor={nextCursor} />
        <Link href="/docs" prefetch={false} className="mt-4 block text-sm text-accent-text hover:underline">
          {texts.docs}
        </Link>
      </Section>
    </>
  )
}
