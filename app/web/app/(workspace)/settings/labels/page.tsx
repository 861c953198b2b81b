import { mayAct } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listLabels } from '@worklane/domain/labels/operations.ts'
import type { Metadata } from 'next'
import { requireActor } from '#web/auth/actor.ts'
import { NextPage } from '#web/components/settings/pages.tsx'
import { Section, Streamed } from '#web/components/settings/section.tsx'
import { LabelTag } from '#web/components/task.tsx'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'
import { AddLabel, EditLabel, RemoveLabel } from './label-forms.tsx'

const { labels: texts } = settings

export const metadata: Metadata = { title: settings.sections.labels }

type Props = { searchParams: Promise<Query> }

export default function LabelsPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Labels searchParams={searchParams} />
    </Streamed>
  )
}

async function Labels({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const { cursor } = readQuery(asked, { cursor: listLabels.input.shape.cursor })
  const { items, nextCursor } = await execute(listLabels, actor, { cursor })
  const mayWrite = mayAct(actor, 'manager')
  return (
    <Section title={settings.sections.labels}>
      {items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
      <ul className="-my-1 mb-4 divide-y">
        {items.map((label) => (
          <li key={label.id} className="flex items-start justify-between gap-3 py-2">
            <LabelTag label={label} />
            {mayWrite ? (
              <>
                <EditLabel label={label} />
                <RemoveLabel labelId={label.id} name={label.name} />
              </>
            ) : null}
          </li>
        ))}
      </ul>
      <NextPage address="/settings/labels" cursor={nextCursor} />
      {mayWrite ? <AddLabel /> : null}
    </Section>
  )
}
