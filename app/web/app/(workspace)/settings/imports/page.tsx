import { mayAct } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listImports } from '@worklane/domain/imports/operations.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { imports as texts } from '#web/texts/exports.ts'
import { settings } from '#web/texts/settings.ts'
import { ImportList } from './import-list.tsx'
import { NewImport } from './new-import.tsx'

export const metadata: Metadata = { title: settings.sections.imports }

const pageOfImports = 10

type Props = { searchParams: Promise<Query> }

export default function ImportsPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Imports searchParams={searchParams} />
    </Streamed>
  )
}

async function Imports({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  if (!mayAct(actor, 'member')) return <OnlyFor least="member" />
  const { cursor } = readQuery(asked, { cursor: listImports.input.shape.cursor })
  const [page, clock] = await Promise.all([
    execute(listImports, actor, { cursor, limit: pageOfImports }),
    clockOf(actor),
  ])
  return (
    <>
      <Section title={texts.make} text={texts.makeText}>
        <NewImport />
      </Section>
      <Section title={texts.list}>
        <ImportList key={cursor ?? ''} first={page} clock={clock} cursor={cursor} limit={pageOfImports} />
        <NextPage address="/settings/imports" cursor={page.nextCursor} />
      </Section>
    </>
  )
}
