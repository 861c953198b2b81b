import { type Actor, mayAct } from '@worklane/domain/actor.ts'
import { plans } from '@worklane/domain/billing/plans.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listExports } from '@worklane/domain/exports/operations.ts'
import { ExportKind, formatsOf, leastRoleOf } from '@worklane/domain/exports/shapes.ts'
import { filesAreOn } from '@worklane/domain/files/store.ts'
import { TaskQuery } from '@worklane/domain/tasks/reads.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { exports as texts } from '#web/texts/exports.ts'
import { settings } from '#web/texts/settings.ts'
import { ExportList } from './export-list.tsx'
import { Filters } from './filters.tsx'
import { NewExport } from './new-export.tsx'

export const metadata: Metadata = { title: settings.sections.exports }

const pageOfExports = 20

type Props = { searchParams: Promise<Query> }

export default function ExportsPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Exports searchParams={searchParams} />
    </Streamed>
  )
}

async function Exports({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const { cursor, kind } = readQuery(asked, { cursor: listExports.input.shape.cursor, kind: ExportKind })
  const filters: TaskQuery = readQuery(asked, TaskQuery.shape)
  const isFiltered = Object.keys(filters).length > 0
  const [page, clock] = await Promise.all([
    execute(listExports, actor, { cursor, limit: pageOfExports }),
    clockOf(actor),
  ])
  return (
    <>
      <Section title={texts.make} text={filesAreOn() ? texts.makeText : texts.off}>
        {filesAreOn() ? (
          <>
            {isFiltered ? <Filters actor={actor} query={filters} /> : null}
            <NewExport
              key={JSON.stringify([kind, filters])}
              kinds={kindsFor(actor, isFiltered)}
              chosen={kind}
              filters={filters}
            />
          </>
        ) : null}
      </Section>
      <Section title={texts.list}>
        <ExportList key={cursor ?? ''} first={page} clock={clock} cursor={cursor} limit={pageOfExports} />
        <NextPage address="/settings/exports" cursor={page.nextCursor} />
      </Section>
    </>
  )
}

/** What one's role and plan allow, with its formats. */
const kindsFor = (actor: Actor, isFiltered: boolean) =>
  ExportKind.options
    .filter((kind) => mayAct(actor, leastRoleOf[kind]))
    .filter((kind) => kind !== 'audit' || plans[actor.plan].features.auditLog)
    // A filter is one of tasks.
    .filter((kind) => !isFiltered || kind === 'tasks')
    .map((kind) => ({ kind, formats: [...formatsOf[kind]] }))
